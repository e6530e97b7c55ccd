import Foundation
import RedisStreams
import TestSupport
import TestThreads
import Testing

/// Handlers that block threads: Swift has as many as cores, for everything.
@Suite(.timeLimit(.minutes(2))) struct LiveBlockingTests {
    private static let cores = ProcessInfo.processInfo.activeProcessorCount

    /// - Parameter concurrency: as many as there are threads, or twice as many: then what was handled is acknowledged at the end only.
    @Test(arguments: [cores, 2 * cores])
    func `handlers that block all threads keep their messages`(concurrency: Int) async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("workers", of: ["jobs"])
        // Two rounds, each of five seconds.
        let count = 2 * Self.cores
        try await live.redis.stream("jobs").add(contentsOf: (0..<count).map { ["kind": "blocking", "n": "\($0)"] })
        try await group.create(from: .beginning)
        let url = live.server.url
        let peer = try await onThread {
            try ChildProcess(ChildProcess.builtBinary("WorkerPeer"), [url, url, "3000", "\(concurrency)"])
        }
        try await live.eventually("all are read") {
            try $0.command("XPENDING", "jobs", "workers").elements.first?.integer == Int64(count)
        }
        let recorder = Recorder()
        let work = Task {
            try await group.process(ProcessOptions(abandonedAfter: .seconds(3), observer: recorder)) { message in
                recorder.note("begin \(message["n"] ?? "")")
            }
        }
        let other = group.consumer("other")["jobs"]
        while try await group["jobs"].pendingSummary().count > 0 {
            #expect(try await other.autoclaim(minimumIdle: .seconds(3)).entries == [])
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(recorder.count("take") == 0 && recorder.count("begin") == 0, "\(recorder.all)")
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
