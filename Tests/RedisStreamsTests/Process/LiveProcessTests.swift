import Synchronization
import TestSupport
import Testing

@testable import RedisStreams

/// What becomes of messages that succeed, fail, are refused, or cannot be read.
@Suite(.timeLimit(.minutes(2)), .onEveryServer) struct LiveProcessTests {
    struct Order: Codable, Sendable { let n: Int }
    struct Unlucky: Error, CustomStringConvertible { let description = "no luck" }

    private let quick = Backoff(initial: .milliseconds(50), factor: 1, jitter: 0)

    @Test func `a message that fails comes again, is counted, and becomes a dead letter`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        let id = try await live.redis.stream("s").add(["m": 2, "n": 1])
        try await live.redis.stream("s").add(["n": 3])
        let recorder = Recorder()
        let options = ProcessOptions(attempts: 3, backoff: quick, observer: recorder)
        let work = Task {
            try await group.process(options) { message in
                recorder.note("begin \(message["n"] ?? "") \(message.deliveryCount ?? 0)")
                if message.id == id { throw Unlucky() }
            }
        }
        try await recorder.wait(for: "bury")
        work.cancel()
        try await work.value
        #expect(
            recorder.all.filter { $0.hasPrefix("begin 1") || $0.hasPrefix("bury") } == [
                "begin 1 1", "begin 1 2", "begin 1 3", "bury exhausted: no luck",
            ])
        #expect(recorder.count("begin 3") == 1)
        let entry = try #require(try await live.redis.stream("s:dead")[...].entries().first)
        let letter = Letter(entry, in: "s:dead")
        #expect(letter.isLetter && letter.obstacle == nil)
        #expect((letter.stream, letter.entry, letter.attempts) == ("s", id, 3))
        #expect(letter.fields == EntryFields(["m": 2, "n": 1]))
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    @Test func `what is refused for ever or cannot be read is buried at once, and the loop goes on`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        let stream = live.redis.stream("s")
        try await stream.add(["n": "no number"])
        try await stream.add(["n": 2])
        try await stream.add(["n": 3])
        let recorder = Recorder()
        let options = ProcessOptions(backoff: quick, deadLetters: .stream("letters"), observer: recorder)
        let work = Task {
            try await group.process(as: Order.self, options) { order, message in
                recorder.note("begin \(order.n)")
                if order.n == 2 { throw MessageRejected("not ours") }
            }
        }
        try await recorder.wait(for: "begin 3")
        try await recorder.wait(for: "bury", count: 2)
        work.cancel()
        try await work.value
        #expect(recorder.count("retry") == 0)
        let reasons = try await live.redis.stream("letters")[...].entries().map { $0["reason"] ?? "" }.sorted()
        #expect(reasons.count == 2)
        #expect(reasons.first?.hasPrefix("malformed: ") == true)
        #expect(reasons.last == "rejected: not ours")
        await live.redis.close()
    }

    @Test func `what is postponed comes again as often as it is, and counts no attempt`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await live.redis.stream("s").add(["n": 1])
        let recorder = Recorder()
        let options = ProcessOptions(attempts: 2, backoff: quick, observer: recorder)
        let work = Task {
            try await group.process(options) { message in
                recorder.note("begin \(message.deliveryCount ?? 0)")
                if recorder.count("begin") <= 5 { throw MessagePostponed(for: .milliseconds(1)) }
                throw Unlucky()
            }
        }
        try await recorder.wait(for: "bury")
        work.cancel()
        try await work.value
        #expect(
            recorder.all.filter { !$0.hasPrefix("retry") }
                == Array(repeating: "begin 1", count: 6) + ["begin 2", "bury exhausted: no luck"])
        let letter = Letter(try #require(try await live.redis.stream("s:dead")[...].entries().first), in: "s:dead")
        #expect(letter.attempts == 2)
        await live.redis.close()
    }

    @Test func `what is dropped is acknowledged and told, and written nowhere`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await live.redis.stream("s").add(["n": 1])
        let recorder = Recorder()
        let work = Task {
            try await group.process(ProcessOptions(deadLetters: .drop, observer: recorder)) { _ in
                throw MessageRejected("no")
            }
        }
        try await recorder.wait(for: "bury rejected: no")
        work.cancel()
        try await work.value
        #expect(try await live.redis.send("EXISTS", "s:dead").integer == 0)
        #expect(try await group["s"].pendingSummary().count == 0)
        await live.redis.close()
    }

    @Test func `messages of one key wait for each other, across retries, and no other does`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        for number in 0..<12 { try await live.redis.stream("s").add(["n": number, "key": number % 3]) }
        let recorder = Recorder()
        let options = ProcessOptions(
            concurrency: 6, order: .byKey { $0["key"] ?? "" }, backoff: quick, observer: recorder)
        let work = Task {
            try await group.process(options) { message in
                recorder.note("begin \(message["n"] ?? "")")
                if message["key"] == "1", message.deliveryCount ?? 0 < 3 { throw Unlucky() }
                recorder.note("end \(message["n"] ?? "") of \(message["key"] ?? "")")
            }
        }
        try await recorder.wait(for: "end", count: 12)
        work.cancel()
        try await work.value
        let ends = recorder.all.filter { $0.hasPrefix("end") }
        for key in 0..<3 {
            #expect(
                ends.filter { $0.hasSuffix("of \(key)") } == (0..<4).map { "end \($0 * 3 + key) of \(key)" })
        }
        // The others were through long before.
        #expect(ends.prefix(8).allSatisfy { !$0.hasSuffix("of 1") })
        #expect(recorder.all.count { $0 == "begin 1" } == 3)
        await live.redis.close()
    }

    @Test func `several streams are worked through, and acknowledged`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s", "t"])
        for name in ["s", "t"] {
            try await live.redis.stream(name).add(contentsOf: (0..<700).map { ["n": $0] })
        }
        let recorder = Recorder()
        let work = Task {
            try await group.process(ProcessOptions(concurrency: 4)) { message in recorder.note(message.stream) }
        }
        try await recorder.wait(for: "s", count: 700)
        try await recorder.wait(for: "t", count: 700)
        work.cancel()
        try await work.value
        for name in ["s", "t"] {
            #expect(recorder.count(name) == 700)
            #expect(try await group[name].pendingSummary().count == 0)
        }
        await live.redis.close()
    }

    @Test func `a key that holds something else ends it with the reason`() async throws {
        let live = try await LiveRedis.start()
        _ = try await live.redis.send("SET", "s", "text")
        let group = live.redis.consumerGroup("g", of: ["s"])
        let failure = await #expect(throws: Redis.Failure.self) { try await group.process { _ in } }
        #expect(failure?.kind == .wrongType)
        #expect(failure?.command?.hasSuffix(" of s") == true)
        await live.redis.close()
    }

    @Test func `a database that is not there ends it`() async throws {
        let live = try await LiveRedis.start()
        var configuration = RedisConfiguration(.tcp(host: "127.0.0.1", port: live.server.port), database: 99)
        configuration.deadline = .milliseconds(200)
        let redis = Redis(configuration)
        let failure = await #expect(throws: Redis.Failure.self) {
            try await redis.consumerGroup("g", of: ["s"]).process { _ in }
        }
        #expect(failure?.kind == .invalidConfiguration)
        await redis.close()
        await live.redis.close()
    }

    @Test func `a configuration that cannot work ends it`() async throws {
        let configuration = RedisConfiguration(.tcp(host: "127.0.0.1"), database: -1)
        let group = Redis(configuration).consumerGroup("g", of: ["s"])
        let failure = await #expect(throws: Redis.Failure.self) { try await group.process { _ in } }
        #expect(failure?.kind == .invalidConfiguration)
    }

    @Test func `it outlives its server, and handles everything`() async throws {
        let live = try await LiveRedis.start(.init(appendOnly: true, arguments: ["--appendfsync", "always"]))
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await live.redis.stream("s").add(contentsOf: (0..<2000).map { ["n": $0] })
        let (recorder, met) = (Recorder(), Recorder())
        let options = ProcessOptions(
            concurrency: 3, abandonedAfter: .seconds(5), backoff: quick, observer: recorder)
        let work = Task {
            try await group.process(options) { message in
                try await Task.sleep(for: .milliseconds(1))
                met.note(message["n"] ?? "")
            }
        }
        try await met.wait(for: "", count: 300)
        try await onThread { try live.server.restart() }
        try await met.wait(for: "1999")
        try await live.eventually("settled") { try $0.command("XPENDING", "s", "g").elements.first == 0 }
        work.cancel()
        try await work.value
        #expect(Set(met.all).count == 2000)
        await live.redis.close()
    }

    /// Its handlers are busy, so that it does not read.
    @Test func `closing the client ends a worker that has no room for more`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await live.redis.stream("s").add(contentsOf: (0..<100).map { ["n": $0] })
        let (recorder, gate) = (Recorder(), AsyncGate())
        let work = Task {
            try await group.process { _ in
                recorder.note("begin")
                try await gate.pass()
            }
        }
        try await recorder.wait(for: "begin")
        try await live.eventually("it reads no more") {
            (try $0.command("XPENDING", "s", "g").elements.first?.integer ?? 0) >= 8
        }
        await live.redis.close()
        gate.open()
        #expect(await kind { try await work.value } == .closed)
        #expect(recorder.count("begin") == 1)
    }

    @Test func `a stream whose messages cannot be acknowledged holds up no other`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["a", "b"])
        try await live.redis.stream("a").add(["n": 1])
        let (recorder, gate) = (Recorder(), AsyncGate())
        let work = Task {
            try await group.process(ProcessOptions(concurrency: 2, observer: recorder)) { message in
                guard message.stream == "a" else { return }
                recorder.note("begin")
                try await gate.pass()
            }
        }
        try await recorder.wait(for: "begin")
        _ = try await live.redis.send("SET", "a", "text")
        gate.open()
        // By then the pauses between its tries have grown.
        try await recorder.wait(for: "fail wrongType", count: 10)
        for number in 0..<20 {
            let id = try await live.redis.stream("b").add(["n": number])
            try await live.eventually("\(number) is settled") {
                let groups = try $0.command("XINFO", "GROUPS", "b").elements
                let isRead = groups.first?.elements.contains { $0.text == id.description } == true
                return try isRead && $0.command("XPENDING", "b", "g").elements.first == 0
            }
        }
        work.cancel()
        try await work.value
        await live.redis.close()
    }

    /// They are called by those who hold what `cancel` needs, or they are not.
    @Test func `who is told of something, and who says the key, may end the worker`() async throws {
        let live = try await LiveRedis.start()
        let group = live.redis.consumerGroup("g", of: ["s"])
        try await live.redis.stream("s").add(["n": 1])
        let ender = Ender()
        let failing = ProcessOptions(backoff: quick, observer: ender)
        let first = Task { try await group.process(failing) { _ in throw Unlucky() } }
        ender.end(first)
        try await first.value
        let keyed = Ender()
        let ordered = ProcessOptions(
            order: .byKey { _ in
                keyed.endNow()
                return "k"
            })
        try await live.redis.stream("s").add(["n": 2])
        let second = Task { try await group.process(ordered) { _ in } }
        keyed.end(second)
        try await second.value
        await live.redis.close()
    }
}

/// Cancels a task as soon as it is told of anything, or asked.
private final class Ender: ProcessObserver {
    private let state = Mutex<(task: Task<Void, any Error>?, isAsked: Bool)>((nil, false))

    func end(_ task: Task<Void, any Error>) {
        let isAsked = state.withLock { state in
            state.task = task
            return state.isAsked
        }
        if isAsked { task.cancel() }
    }

    func endNow() {
        let task = state.withLock { state in
            state.isAsked = true
            return state.task
        }
        task?.cancel()
    }

    func willRetry(_ message: Message, after wait: Duration, because error: any Error) { endNow() }
}
