import RedisStreams
import Synchronization
import TestSupport
import Testing

/// Replies beyond the limits that are configured.
@Suite(.timeLimit(.minutes(2)), .onEveryServer) struct LiveReplyLimitTests {
    /// A server with an entry of 5000 bytes, and a client that takes values of 1000 or replies of 3000.
    private func start(
        _ limits: RedisConfiguration.ReplyLimits = .init(valueBytes: 1000)
    ) async throws -> (live: LiveRedis, redis: Redis) {
        let live = try await LiveRedis.start()
        for group in ["g", "h"] { try await live.redis.consumerGroup(group, of: ["s"]).create(from: .beginning) }
        try await live.redis.stream("s").add(["text": String(repeating: "x", count: 5000)])
        var configuration = try RedisConfiguration(live.server.url)
        configuration.limits = limits
        return (live, try await Redis.connect(configuration))
    }

    @Test(arguments: [
        (RedisConfiguration.ReplyLimits(valueBytes: 1000), "limits.valueBytes"),
        (RedisConfiguration.ReplyLimits(replyBytes: 3000), "limits.replyBytes"),
    ])
    func `a read names the bound and is not repeated`(limits: RedisConfiguration.ReplyLimits, name: String) async throws
    {
        let (live, redis) = try await start(limits)
        let failure = try #require(await failure { _ = try await redis.stream("s").read() })
        #expect(failure.kind == .replyTooLarge)
        #expect(!failure.isTransient)
        #expect(!failure.mayHaveRun)
        #expect(failure.description.contains(name), "\(failure)")
        #expect(try await live.redis.send("INFO", "commandstats").text?.contains("cmdstat_xread:calls=1,") == true)
        await redis.close()
        withExtendedLifetime(live) {}
    }

    @Test func `a tail ends instead of reading it for ever`() async throws {
        let (live, redis) = try await start()
        #expect(await kind { for try await _ in redis.stream("s").tail(after: .beginning) {} } == .replyTooLarge)
        await redis.close()
        withExtendedLifetime(live) {}
    }

    @Test func `the loop of a group ends instead of reading it for ever`() async throws {
        let (live, redis) = try await start()
        #expect(await kind { for try await _ in redis.consumerGroup("g", of: ["s"]).entries() {} } == .replyTooLarge)
        await redis.close()
        withExtendedLifetime(live) {}
    }

    @Test(arguments: [
        RedisConfiguration.ReplyLimits(valueBytes: 1000), RedisConfiguration.ReplyLimits(replyBytes: 3000),
    ])
    func `a worker handles the others, and the server moves it to the dead letters`(
        limits: RedisConfiguration.ReplyLimits
    ) async throws {
        let (live, redis) = try await start(limits)
        try await live.redis.stream("s").add(contentsOf: (0..<20).map { ["n": $0] })
        let handled = Handled()
        let worker = Task {
            try await redis.consumerGroup("h", of: ["s"]).process(ProcessOptions(order: .byKey { _ in "all" })) {
                handled.add($0["n"] ?? "?")
            }
        }
        try await live.eventually("a letter, and nothing pending") {
            try handled.all.count >= 20 && $0.command("XLEN", "s:dead") == 1
                && $0.command("XPENDING", "s", "h").elements.first == 0
        }
        worker.cancel()
        try await worker.value
        #expect(handled.all == (0..<20).map { "\($0)" })
        let letter = try #require(try await live.redis.stream("s:dead").read().first?.fields)
        #expect(letter.text("field.text")?.utf8.count == 5000)
        #expect(letter.text("reason")?.hasPrefix("too large: ") == true, "\(letter.text("reason") ?? "")")
        #expect(letter.text("attempts") == "0")
        await redis.close()
        withExtendedLifetime(live) {}
    }

    @Test func `a worker ends if what it is told of its group is too large`() async throws {
        let (live, redis) = try await start(.init(replyBytes: 3000))
        try await live.redis.stream("s").add(contentsOf: (0..<200).map { ["n": $0] })
        _ = try await live.redis.consumerGroup("h", of: ["s"], consumer: "c").read(count: 1000)
        let group = redis.consumerGroup("h", of: ["s"], consumer: "c")
        #expect(await kind { try await group.process { _ in } } == .replyTooLarge)
        await redis.close()
        withExtendedLifetime(live) {}
    }

    @Test func `commands behind it are lost with the connection, not too large`() async throws {
        let (live, redis) = try await start()
        _ = try await live.redis.send("SET", "big", String(repeating: "x", count: 5000))
        let (big, small) = try await redis.pipeline { ($0.send("GET", "big"), $0.send("INCR", "n")) }
        #expect(await kind { _ = try big.get() } == .replyTooLarge)
        let behind = await failure { _ = try small.get() }
        #expect(behind?.kind == .connectionLost)
        #expect(behind?.mayHaveRun == true)
        await redis.close()
        withExtendedLifetime(live) {}
    }
}

private final class Handled: Sendable {
    private let names = Mutex<[String]>([])
    var all: [String] { names.withLock { $0 } }
    func add(_ name: String) { names.withLock { $0.append(name) } }
}
