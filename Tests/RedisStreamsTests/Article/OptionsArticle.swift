import RedisStreams
import TestSupport
import Testing

/// What the articles show of the commands' options; those of Redis 8.2 on that server.
@Suite(.timeLimit(.minutes(1))) struct OptionsArticle {
    @Test func `what was added when adding many fails`() async throws {
        let live = try await LiveRedis.start()
        let stream = live.redis.stream("events")
        struct NoMore: Error {}
        let lines = AsyncThrowingStream<EntryFields, any Error> { lines in
            lines.yield(["n": 1])
            lines.yield(["n": 2])
            lines.finish(throwing: NoMore())
        }
        var told = ""

        do {
            try await stream.add(contentsOf: lines)
        } catch {
            told = "\(error.added.count) were added, \(error.uncertain) may have been: \(error.cause)"
        }

        #expect(told == "2 were added, 0 may have been: NoMore()")
        #expect(try await stream.count == 2)

        try await stream.expire(after: .seconds(3600))
        let left = try await stream.timeToLive

        #expect(left.map { $0 > .seconds(3000) } == true)
        await live.redis.close()
    }

    @Test func `what is acknowledged by all goes`() async throws {
        try await ServerChoice.$current.withValue(.redis8) {
            let live = try await LiveRedis.start()
            let group = live.redis.consumerGroup("g", of: ["orders"])
            try await group.create()
            let id = try await live.redis.stream("orders").add(["n": 1])
            try await group.read()

            let deletions = try await group["orders"].acknowledgeAndDelete([id], references: .onlyAcknowledged)

            #expect(deletions == [.deleted])
            #expect(try await live.redis.stream("orders").count == 0)
            await live.redis.close()
        }
    }
}
