import FootbridgeRESP
import TestSupport
import Testing

@testable import RedisStreams

/// Several workers, and what one leaves to another.
@Suite(.timeLimit(.minutes(2)), .onEveryServer) struct LiveTakeoverTests {
    private struct Unlucky: Error {}

    @Test func `a handler that runs for long keeps its message, from workers and from others who claim by idle time`()
        async throws
    {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await live.redis.stream("s").add(contentsOf: (0..<2).map { ["n": $0] })
        let (recorder, gate) = (Recorder(), AsyncGate())
        let options = ProcessOptions(abandonedAfter: .seconds(3), observer: recorder)
        let works = (0..<2).map { index in
            Task {
                try await group.process(options) { message in
                    recorder.note("begin \(message["n"] ?? "") \(message.deliveryCount ?? 0)")
                    try await gate.pass()
                }
            }
        }
        try await recorder.wait(for: "begin")
        let end = ContinuousClock.now + .seconds(8)
        let other = group.consumer("other")["s"]
        while .now < end {
            #expect(try await other.autoclaim(minimumIdle: .seconds(3)).entries == [])
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(recorder.count("begin 0") == 1 && recorder.count("begin 1") <= 1)
        #expect(recorder.count("take") == 0)
        gate.open()
        try await recorder.wait(for: "begin 1 1")
        for work in works { work.cancel() }
        for work in works { try await work.value }
        #expect(recorder.count("begin") == 2)
        await live.redis.close()
    }

    @Test func `what somebody claims while its handler runs is told, and its task is cancelled on request`()
        async throws
    {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        let stream = live.redis.stream("s")
        let first = try await stream.add(["n": 0])
        let recorder = Recorder()
        let options = ProcessOptions(abandonedAfter: .seconds(3), losing: .cancel, observer: recorder)
        let work = Task {
            try await group.process(options) { message in
                recorder.note("begin \(message["n"] ?? "")")
                guard message.id == first else { return }
                do {
                    try await Task.sleep(for: .seconds(3600))
                } catch {
                    recorder.note("cancelled")
                    throw error
                }
            }
        }
        try await recorder.wait(for: "begin 0")
        // Another message keeps the consumer from looking removed.
        _ = try await group.consumer("thief")["s"].claim(first)
        try await recorder.wait(for: "lose \(first)")
        try await recorder.wait(for: "cancelled")
        try await stream.add(["n": 1])
        try await recorder.wait(for: "begin 1")
        work.cancel()
        try await work.value
        #expect(try await group["s"].pendingSummary().consumers == ["thief": 1])
        #expect(recorder.count("retry") == 0)
        await live.redis.close()
    }

    @Test func `one that stops in good order hands over at once, and counts nothing that was not begun`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await live.redis.stream("s").add(contentsOf: (0..<10).map { ["n": $0] })
        let (recorder, gate) = (Recorder(), AsyncGate())
        let work = Task {
            try await group.process(ProcessOptions(abandonedAfter: .seconds(60))) { message in
                recorder.note("begin \(message["n"] ?? "")")
                try await gate.pass()
            }
        }
        try await recorder.wait(for: "begin 0")
        work.cancel()
        gate.open()
        try await work.value
        // The one at hand was brought to an end.
        #expect(recorder.all.filter { $0.hasPrefix("begin") } == ["begin 0"])
        let left = try await group["s"].pending()
        #expect(left.count == 9)
        #expect(left.allSatisfy { $0.consumer == WellKnownConsumer.released && $0.deliveryCount == 0 })
        // Its consumer is gone.
        #expect(
            try await group["s"].consumers().map(\.name).allSatisfy {
                $0 == WellKnownConsumer.released || $0.hasPrefix(WellKnownConsumer.groupPrefix)
            })
        let next = Recorder()
        let second = Task {
            try await group.process(ProcessOptions(abandonedAfter: .seconds(60), observer: next)) { message in
                next.note("begin \(message["n"] ?? "") \(message.deliveryCount ?? 0)")
            }
        }
        try await next.wait(for: "begin", count: 9, timeout: .seconds(20))
        second.cancel()
        try await second.value
        #expect(Set(next.all.filter { $0.hasPrefix("begin") }) == Set((1..<10).map { "begin \($0) 1" }))
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    @Test func `the order of a key outlives a restart`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        let count = 1000
        try await live.redis.stream("s").add(contentsOf: (0..<count).map { ["n": $0] })
        let recorder = Recorder()
        for stop in [1, 200, 700, count] {
            let work = Task {
                try await group.process(ProcessOptions(order: .byKey { _ in "k" })) { recorder.note($0["n"] ?? "") }
            }
            try await recorder.wait(for: "", count: stop)
            work.cancel()
            try await work.value
        }
        #expect(recorder.all == (0..<count).map { "\($0)" })
        await live.redis.close()
    }

    @Test func `a handler that does not end in time is cancelled, and its attempt counts`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await live.redis.stream("s").add(["n": 0])
        let recorder = Recorder()
        let work = Task {
            try await group.process(ProcessOptions(drainTimeout: .milliseconds(100))) { _ in
                recorder.note("begin")
                try await Task.sleep(for: .seconds(3600))
            }
        }
        try await recorder.wait(for: "begin")
        work.cancel()
        try await work.value
        let left = try await group["s"].pending()
        #expect(left.map(\.consumer) == [WellKnownConsumer.released])
        #expect(left.map(\.deliveryCount) == [1])
        await live.redis.close()
    }

    @Test func `the wait of a message that failed goes on in another process`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await live.redis.stream("s").add(["n": 0])
        let recorder = Recorder()
        let options = ProcessOptions(
            backoff: Backoff(initial: .seconds(3), factor: 1, jitter: 0), observer: recorder)
        let clock = ContinuousClock()
        let first = Task {
            try await group.process(options) { _ in throw Unlucky() }
        }
        try await recorder.wait(for: "retry")
        let failedAt = clock.now
        first.cancel()
        try await first.value
        let second = Task {
            try await group.process(options) { recorder.note("begin \($0.deliveryCount ?? 0)") }
        }
        try await recorder.wait(for: "begin")
        let waited = clock.now - failedAt
        second.cancel()
        try await second.value
        #expect(recorder.all.contains("begin 2"))
        #expect(waited > .milliseconds(2900), "\(waited)")
        await live.redis.close()
    }

    @Test func `messages of a silent consumer are taken over; those that were deleted are told and buried`()
        async throws
    {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await group.create()
        let stream = live.redis.stream("s")
        let ids = try await stream.add(contentsOf: (0..<3).map { ["n": $0] })
        _ = try await group.consumer("dead.1").read(count: 3)
        try await stream.delete(ids[1])
        let recorder = Recorder()
        let options = ProcessOptions(
            abandonedAfter: .seconds(1), backoff: Backoff(initial: .milliseconds(50), jitter: 0), observer: recorder)
        let work = Task {
            try await group.process(options) { recorder.note("begin \($0["n"] ?? "") \($0.deliveryCount ?? 0)") }
        }
        try await recorder.wait(for: "begin 0 2")
        try await recorder.wait(for: "begin 2 2")
        try await recorder.wait(for: "bury trimmed")
        #expect(recorder.all.contains("trimmed \(ids[1])"))
        #expect(recorder.all.contains("take 2 dead.1"))
        // It has nothing any more, and leaves the list.
        try await live.eventually("removed") {
            try !"\($0.command("XINFO", "CONSUMERS", "s", "g"))".contains("dead.1")
        }
        work.cancel()
        try await work.value
        let letter = try #require(try await live.redis.stream("s:dead")[...].entries().first)
        #expect(letter["reason"] == "trimmed" && letter["id"] == "\(ids[1])")
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    @Test func `of two that have one name, the second waits until the first is gone`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"], consumer: "one")
        let (first, second) = (Recorder(), Recorder())
        let options = ProcessOptions(abandonedAfter: .seconds(2), observer: first)
        let work = Task {
            try await group.process(options) { first.note("begin \($0["n"] ?? "")") }
        }
        try await live.redis.stream("s").add(["n": 0])
        try await first.wait(for: "begin 0")
        let rival = Task {
            var options = options
            options.observer = second
            try await group.process(options) { second.note("begin \($0["n"] ?? "")") }
        }
        try await second.wait(for: "rival one")
        try await live.redis.stream("s").add(["n": 1])
        try await first.wait(for: "begin 1")
        work.cancel()
        try await work.value
        try await live.redis.stream("s").add(["n": 2])
        try await second.wait(for: "begin 2")
        rival.cancel()
        try await rival.value
        #expect(first.count("begin") == 2 && second.count("begin") == 1)
        await live.redis.close()
    }

    @Test func `a group that is destroyed and made again knows what is held, and nothing is skipped`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        let stream = live.redis.stream("s")
        try await stream.add(contentsOf: (0..<20).map { ["n": $0] })
        let (recorder, gate) = (Recorder(), AsyncGate())
        let options = ProcessOptions(abandonedAfter: .seconds(1), observer: recorder)
        let work = Task {
            try await group.process(options) { message in
                recorder.note("begin \(message["n"] ?? "")")
                try await gate.pass()
            }
        }
        try await recorder.wait(for: "begin 0")
        try await group.destroy()
        try await stream.add(["n": 20])
        // Too far ahead: 20 would be skipped.
        try await group.create(from: .latest)
        try await recorder.wait(for: "another group")
        try await live.eventually("put back") {
            (try $0.command("XPENDING", "s", "g").elements.first?.integer ?? 0) >= 8
        }
        gate.open()
        try await recorder.wait(for: "begin", count: 21)
        try await live.eventually("settled") { try $0.command("XPENDING", "s", "g").elements.first == 0 }
        work.cancel()
        try await work.value
        #expect(Set(recorder.all.filter { $0.hasPrefix("begin") }) == Set((0...20).map { "begin \($0)" }))
        #expect(recorder.count("begin") == 21)
        await live.redis.close()
    }
}
