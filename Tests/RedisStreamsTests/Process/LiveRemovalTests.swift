import TestSupport
import Testing

@testable import RedisStreams

/// What becomes of messages when people remove what they are pending for, or replace the group, under a worker.
@Suite(.timeLimit(.minutes(2)), .onEveryServer) struct LiveRemovalTests {
    private struct Unlucky: Error {}

    private let quick = Backoff(initial: .milliseconds(300), factor: 1, jitter: 0)

    private func worker(
        _ group: ConsumerGroup, _ recorder: Recorder, backoff: Backoff, failures: Int = 1
    ) -> Task<Void, any Error> {
        let options = ProcessOptions(
            concurrency: 4, consumer: "c", abandonedAfter: .seconds(2), backoff: backoff, observer: recorder)
        return Task {
            try await group.process(options) { message in
                let number = message["n"] ?? ""
                recorder.note("begin \(number)")
                if number.hasPrefix("w"), recorder.count("begin \(number)") <= failures { throw Unlucky() }
                // It stays pending until all others are through.
                if number == "x" { try await recorder.wait(for: "end w", count: 20) }
                recorder.note("end \(number)")
            }
        }
    }

    @Test func `what was pending for a consumer that was removed is handled, though it has read on since`() async throws
    {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        let stream = live.redis.stream("s")
        for number in 0..<20 { try await stream.add(["n": "w\(number)."]) }
        let recorder = Recorder()
        let work = worker(group, recorder, backoff: Backoff(initial: .seconds(4), factor: 1, jitter: 0))
        try await recorder.wait(for: "retry", count: 20)
        _ = try await group["s"].removeConsumer("c", force: true)
        // The server makes it anew with the next read, which brings what it has.
        try await stream.add(["n": "x"])
        try await recorder.wait(for: "begin x")
        try await recorder.wait(for: "end x")
        work.cancel()
        try await work.value
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    @Test func `what is due when its consumer is removed is handled`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        for number in 0..<300 { try await live.redis.stream("s").add(["n": "w\(number)."]) }
        let recorder = Recorder()
        let work = worker(group, recorder, backoff: quick, failures: 3)
        for _ in 0..<3 {
            try await recorder.wait(for: "retry", count: recorder.count("retry") + 50)
            _ = try await group["s"].removeConsumer("c", force: true)
        }
        try await recorder.wait(for: "end w", count: 300, timeout: .seconds(60))
        work.cancel()
        try await work.value
        #expect(recorder.count("lose") == 0)
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    /// Also while what is held is being put back.
    @Test func `a consumer that is removed again and again loses nothing`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        let count = 3000
        try await live.redis.stream("s").add(contentsOf: (0..<count).map { ["n": "w\($0)."] })
        let recorder = Recorder()
        let work = worker(group, recorder, backoff: Backoff(initial: .seconds(1), factor: 1, jitter: 0))
        try await recorder.wait(for: "retry", count: count / 2)
        let server = live.server
        try await onThread {
            let probe = try server.probe()
            var removals = 0
            while removals < 20 {
                if case .integer(1...) = try probe.command("XGROUP", "DELCONSUMER", "s", "g", "c") { removals += 1 }
            }
        }
        try await recorder.wait(for: "end w", count: count, timeout: .seconds(60))
        work.cancel()
        try await work.value
        #expect(Set(recorder.all.filter { $0.hasPrefix("end w") }).count == count)
        #expect(recorder.count("lose") == 0)
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    @Test func `a worker that stops when its consumer has just been removed hands over what it had`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        for number in 0..<100 { try await live.redis.stream("s").add(["n": "w\(number)."]) }
        let recorder = Recorder()
        let work = worker(group, recorder, backoff: Backoff(initial: .seconds(60), factor: 1, jitter: 0))
        try await recorder.wait(for: "retry", count: 100)
        try await live.eventually("their counts are written") {
            try $0.command("XPENDING", "s", "g", "-", "+", "1000").elements.count == 100
        }
        _ = try await group["s"].removeConsumer("c", force: true)
        work.cancel()
        try await work.value
        #expect(try await group["s"].pendingSummary().consumers == [WellKnownConsumer.released: 100])
        await live.redis.close()
    }

    @Test func `letters that are not written yet outlive many removals`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        _ = try await live.redis.send("SET", "s:dead", "text")
        try await live.redis.stream("s").add(contentsOf: (0..<300).map { ["n": $0] })
        let recorder = Recorder()
        let options = ProcessOptions(
            concurrency: 4, consumer: "c", abandonedAfter: .seconds(2), attempts: nil, backoff: quick,
            observer: recorder)
        let work = Task {
            try await group.process(options) { message in
                recorder.note("begin")
                if message.fields.integer("n") ?? 0 < 150 { throw MessageRejected("no") }
                throw Unlucky()
            }
        }
        try await recorder.wait(for: "begin", count: 300)
        for _ in 0..<5 {
            try await recorder.wait(for: "fail wrongType", count: recorder.count("fail wrongType") + 2)
            _ = try await group["s"].removeConsumer("c", force: true)
        }
        _ = try await live.redis.send("DEL", "s:dead")
        try await recorder.wait(for: "bury", count: 150)
        work.cancel()
        try await work.value
        let letters = try await live.redis.stream("s:dead")[...].entries()
        #expect(Set(letters.compactMap { $0["field.n"] }).count == 150 && letters.count == 150)
        #expect(recorder.count("lose") == 0)
        await live.redis.close()
    }

    @Test func `a worker that stops tells a group that is another one what it has`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        for number in 0..<5 { try await live.redis.stream("s").add(["n": "w\(number)."]) }
        let recorder = Recorder()
        let work = worker(group, recorder, backoff: Backoff(initial: .seconds(60), factor: 1, jitter: 0))
        try await recorder.wait(for: "retry", count: 5)
        try await live.eventually("their counts are written, and it reads on") {
            try $0.command("INFO", "clients").text?.contains("blocked_clients:1\r\n") == true
        }
        // In one step, behind all that was read: on no server a waiting read is told.
        try await live.eventually("the group is another one") {
            _ = try $0.command("MULTI")
            _ = try $0.command("XGROUP", "DESTROY", "s", "g")
            _ = try $0.command("XGROUP", "CREATE", "s", "g", "$")
            return try $0.command("EXEC").elements.count == 2
        }
        work.cancel()
        try await work.value
        let next = Recorder()
        let heir = worker(group, next, backoff: quick, failures: 0)
        try await next.wait(for: "end w", count: 5, timeout: .seconds(90))
        heir.cancel()
        try await heir.value
        await live.redis.close()
    }

    /// It was begun by processes that are gone, more often than it had attempts.
    @Test func `what is given up at its adoption is buried once, however long that cannot be done`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        let id = try await live.redis.stream("s").add(["n": "w."])
        _ = try await group.consumer("c")["s"].read(count: 1)
        _ = try await live.redis.send("XCLAIM", "s", "g", "c", 0, id, "RETRYCOUNT", 99, "JUSTID")
        _ = try await live.redis.send("SET", "s:dead", "text")
        let recorder = Recorder()
        let work = worker(group, recorder, backoff: quick)
        // Each look at what is pending finds it.
        try await recorder.wait(for: "fail", count: 4)
        try await live.redis.stream("s").add(["n": "y"])
        try await recorder.wait(for: "end y")
        let failures = recorder.count("fail")
        try await recorder.wait(for: "fail", count: failures + 8)
        _ = try await live.redis.send("DEL", "s:dead")
        try await recorder.wait(for: "bury")
        work.cancel()
        try await work.value
        #expect(recorder.count("bury") == 1 && recorder.count("lose") == 0)
        #expect(try await live.redis.stream("s:dead").count == 1)
        await live.redis.close()
    }

    @Test(arguments: ["9223372036854775807", "9223372036854775806", "100000000000000000"])
    func `a count that somebody has written ends no process`(count: String) async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        let id = try await live.redis.stream("s").add(["n": 1])
        _ = try await group.consumer("other")["s"].read(count: 1)
        _ = try await live.redis.send("XCLAIM", "s", "g", "c", 0, id, "RETRYCOUNT", count, "JUSTID")
        let recorder = Recorder()
        let options = ProcessOptions(consumer: "c", attempts: nil, backoff: Backoff(initial: .zero), observer: recorder)
        let work = Task { try await group.process(options) { _ in recorder.note("begin") } }
        try await recorder.wait(for: "begin")
        work.cancel()
        try await work.value
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    /// A handler has refused it for ever, and its letter cannot be written for now.
    private func refused(_ live: LiveRedis, _ recorder: Recorder) async throws -> (ConsumerGroup, Task<Void, any Error>)
    {
        let group = live.redis.consumerGroup("g", of: ["s"])
        _ = try await live.redis.send("SET", "s:dead", "text")
        try await live.redis.stream("s").add(["n": 7])
        let options = ProcessOptions(consumer: "c", abandonedAfter: .seconds(2), observer: recorder)
        let work = Task {
            try await group.process(options) { message in
                recorder.note("begin \(message["n"] ?? "")")
                throw MessageRejected("no")
            }
        }
        try await recorder.wait(for: "fail wrongType", count: 2)
        return (group, work)
    }

    private func expectLetter(_ live: LiveRedis, _ recorder: Recorder) async throws {
        let failures = recorder.count("fail wrongType")
        try await recorder.wait(for: "fail wrongType", count: failures + 3)
        _ = try await live.redis.send("DEL", "s:dead")
        try await recorder.wait(for: "bury")
        let letters = try await live.redis.stream("s:dead")[...].entries()
        #expect(letters.count == 1)
        #expect(letters.first?["reason"] == "rejected: no")
        #expect(letters.first?["field.n"] == "7")
        #expect(recorder.count("begin") == 1 && recorder.count("lose") == 0 && recorder.count("trimmed") == 0)
    }

    @Test func `a letter that is not written yet outlives its consumer`() async throws {
        let live = try await LiveRedis.start()
        let recorder = Recorder()
        let (group, work) = try await refused(live, recorder)
        _ = try await group["s"].removeConsumer("c", force: true)
        try await expectLetter(live, recorder)
        work.cancel()
        try await work.value
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    @Test func `a letter that is not written yet outlives its stream`() async throws {
        let live = try await LiveRedis.start()
        let recorder = Recorder()
        let (group, work) = try await refused(live, recorder)
        _ = try await live.redis.send("DEL", "s")
        try await expectLetter(live, recorder)
        work.cancel()
        try await work.value
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }
}
