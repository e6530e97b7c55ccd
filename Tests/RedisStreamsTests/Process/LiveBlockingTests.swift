import Foundation
import RedisStreams
import TestSupport
import TestThreads
import Testing

/// Handlers that block threads: Swift has as many as cores, for everything.
@Suite(.timeLimit(.minutes(2))) struct LiveBlockingTests {
    @Test func `handlers that block all threads keep their messages`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("workers", of: ["jobs"])
        let count = ProcessInfo.processInfo.activeProcessorCount + 1
        try await live.redis.stream("jobs").add(contentsOf: (0..<count).map { ["kind": "blocking", "n": "\($0)"] })
        try await group.create(from: .beginning)
        let url = live.server.url
        let peer = try await onThread {
            try ChildProcess(ChildProcess.builtBinary("WorkerPeer"), [url, url, "3000", "\(count)"])
        }
        while try await group["jobs"].pendingSummary().count < count { try await Task.sleep(for: .milliseconds(10)) }
        let recorder = Recorder()
        let work = Task {
            try await group.process(ProcessOptions(abandonedAfter: .seconds(3), observer: recorder)) { message in
                recorder.note("begin \(message["n"] ?? "")")
            }
        }
        // All but one at first, for five seconds; then that one.
        let other = group.consumer("other")["jobs"]
        while try await group["jobs"].pendingSummary().count > 0 {
            #expect(try await other.autoclaim(minimumIdle: .seconds(3)).entries == [])
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(recorder.count("take") == 0 && recorder.count("begin") == 0, "\(recorder.all)")
        let handled = try await live.redis.send("HVALS", "ledger").elements
        #expect(handled?.map(\.text) == Array(repeating: "1", count: count))
        work.cancel()
        try await work.value
        try await onThread {
            peer.signal(SIGTERM)
            let exit = try peer.waitForExit()
            #expect(exit == .status(0))
        }
        await live.redis.close()
    }
}
