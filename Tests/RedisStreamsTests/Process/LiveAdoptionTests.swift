import TestSupport
import Testing

@testable import RedisStreams

/// What is pending under a worker's own name: after a restart, or when its connections were cut.
@Suite(.timeLimit(.minutes(2)), .onEveryServer) struct LiveAdoptionTests {
    private struct Unlucky: Error {}

    private let quick = Backoff(initial: .milliseconds(300), factor: 1, jitter: 0)

    @Test func `more wait under its name than a worker knows at a time`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        let ids = try await live.redis.stream("s").add(contentsOf: (0..<2500).map { ["n": "\($0)."] })
        #expect(try await group.consumer("c")["s"].read(count: 2500).count == 2500)
        let recorder = Recorder()
        let options = ProcessOptions(
            concurrency: 8, consumer: "c", backoff: quick, maximumWaiting: 500, observer: recorder)
        let work = Task { try await group.process(options) { recorder.note("end \($0["n"] ?? "")") } }
        try await recorder.wait(for: "end", count: ids.count)
        work.cancel()
        try await work.value
        #expect(Set(recorder.all).count == ids.count)
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    /// As after a crash of a worker that had a name of its own.
    @Test func `the order of a key is kept though more wait than a worker knows at a time`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        let count = 1500
        try await live.redis.stream("s").add(contentsOf: (0..<count).map { ["n": $0] })
        #expect(try await group.consumer("c")["s"].read(count: 1200).count == 1200)
        let recorder = Recorder()
        let options = ProcessOptions(
            order: .byKey { _ in "k" }, consumer: "c", backoff: Backoff(initial: .zero), maximumWaiting: 100,
            observer: recorder)
        let work = Task { try await group.process(options) { recorder.note($0["n"] ?? "") } }
        try await recorder.wait(for: "", count: count)
        work.cancel()
        try await work.value
        #expect(recorder.all == (0..<count).map { "\($0)" })
        await live.redis.close()
    }

    @Test func `it has as many as it may know when all is prepared anew`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await live.redis.stream("s").add(contentsOf: (0..<1500).map { ["n": "\($0)."] })
        let recorder = Recorder()
        let options = ProcessOptions(
            concurrency: 8, consumer: "c", backoff: Backoff(initial: .seconds(3), factor: 1, jitter: 0),
            maximumWaiting: 1000, observer: recorder)
        let work = Task {
            try await group.process(options) { message in
                guard message.deliveryCount ?? 1 > 1 else { throw Unlucky() }
                recorder.note("end \(message["n"] ?? "")")
            }
        }
        try await recorder.wait(for: "retry", count: 1000)
        _ = try await group["s"].removeConsumer("c", force: true)
        try await recorder.wait(for: "end", count: 1500)
        work.cancel()
        try await work.value
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    /// Another process of its name would take it for dead.
    @Test func `a worker that knows as many as it may shows that its name is in use`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        let recorder = Recorder()
        let options = ProcessOptions(
            consumer: "c", abandonedAfter: .seconds(3), backoff: Backoff(initial: .seconds(60), factor: 1, jitter: 0),
            maximumWaiting: 1, observer: recorder)
        let work = Task { try await group.process(options) { _ in throw Unlucky() } }
        try await live.redis.stream("s").add(["n": 1])
        try await recorder.wait(for: "retry")
        // Its idle time begins anew, again and again; once may be from before.
        var (signs, last) = (0, Duration.zero)
        while signs < 3 {
            let marks = try await group["s"].consumers().filter { OwnerMark($0.name)?.consumer == "c" }
            #expect(marks.count == 1)
            let idle = try #require(marks.first).idle
            if idle < last { signs += 1 }
            last = idle
            try await Task.sleep(for: .milliseconds(10))
        }
        work.cancel()
        try await work.value
        await live.redis.close()
    }
}
