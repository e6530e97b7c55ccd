import RedisStreams
import TestSupport
import Testing

/// Replies beyond the limits that are configured.
@Suite(.onEveryServer) struct LiveReplyLimitTests {
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
    }
}
