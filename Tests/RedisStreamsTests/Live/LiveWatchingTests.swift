import RedisStreams
import TestSupport
import Testing

/// Transactions that run only if nobody has changed what they go by.
@Suite(.timeLimit(.minutes(2)), .onEveryServer) struct LiveWatchingTests {
    /// Adds one to a number, by reading and writing it.
    private func increment(_ redis: Redis) async throws {
        while true {
            do {
                return try await redis.watching(["n"]) { watched in
                    let number = try await watched.send("GET", "n").integer ?? 0
                    _ = try await watched.transaction { [$0.send("SET", "n", number + 1)] }
                }
            } catch let failure as Redis.Failure where failure.kind == .conflict {}
        }
    }

    @Test func `a key that another changes keeps it from running`() async throws {
        let live = try await LiveRedis.start()
        let failure = await failure {
            try await live.redis.watching(["n"]) { watched in
                _ = try await live.redis.send("SET", "n", 5)
                _ = try await watched.transaction { ($0.send("SET", "n", 1), $0.add(["n": 1], to: "s")) }
            }
        }
        #expect(failure?.kind == .conflict)
        #expect(failure?.mayHaveRun == false)
        #expect(failure.map { "\($0)" } == "EXEC: a key that was watched has changed; nothing ran")
        #expect(try await live.redis.send("GET", "n").integer == 5)
        #expect(try await live.redis.stream("s").count == 0)
        await live.redis.close()
    }

    @Test func `of those who try again each comes through once`() async throws {
        let live = try await LiveRedis.start()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<4 { tasks.addTask { for _ in 0..<25 { try await increment(live.redis) } } }
            try await tasks.waitForAll()
        }
        #expect(try await live.redis.send("GET", "n").integer == 100)
        await live.redis.close()
    }

    @Test func `one that changes nothing leaves nothing watched on the connection`() async throws {
        let live = try await LiveRedis.start()
        var configuration = try RedisConfiguration(live.server.url)
        configuration.blockingConnections = 1
        let redis = try await Redis.connect(configuration)
        let first = try await redis.watching(["n"]) { watched in
            try await watched.send("CLIENT", "ID").integer
        }
        let (second, values) = try await redis.watching(["other"]) { watched in
            _ = try await live.redis.send("SET", "n", 5)
            let id = try await watched.send("CLIENT", "ID").integer
            return (id, try await watched.transaction { [$0.send("INCR", "m")] })
        }
        #expect(first == second)
        #expect(values.map(\.integer) == [1])
        await redis.close()
        await live.redis.close()
    }

    @Test func `it does not run on a new connection, which watches nothing`() async throws {
        let live = try await LiveRedis.start()
        let failure = await failure {
            try await live.redis.watching(["n"]) { watched in
                let id = try await watched.send("CLIENT", "ID").integer ?? 0
                _ = try await live.redis.send("CLIENT", "KILL", "ID", id)
                #expect(await kind { _ = try await watched.send("GET", "n") } != nil)
                // By now there is a new one.
                #expect(await kind { try await increment(live.redis) } == nil)
                _ = try await watched.transaction { [$0.send("SET", "n", 7)] }
            }
        }
        #expect(failure?.kind == .unreachable)
        #expect(failure?.mayHaveRun == false)
        #expect(failure?.isTransient == true)
        #expect(try await live.redis.send("GET", "n").integer == 1)
        await live.redis.close()
    }

    @Test func `a task that is cancelled gives its connection back`() async throws {
        let live = try await LiveRedis.start()
        var configuration = try RedisConfiguration(live.server.url)
        configuration.blockingConnections = 1
        let redis = try await Redis.connect(configuration)
        let began = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await redis.watching(["n"]) { watched in
                began.continuation.finish()
                while true { _ = try await watched.send("GET", "n") }
            }
        }
        for await _ in began.stream {}
        // Waits for the only connection.
        async let other: Void = increment(redis)
        task.cancel()
        #expect(await kind { try await task.value } == .cancelled)
        try await other
        await redis.close()
        await live.redis.close()
    }

    @Test func `a client that is closed waits for its body, and asks the server nothing meanwhile`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        let values = try await redis.watching(["n"]) { watched in
            let closing = Task { await redis.close() }
            while await kind({ _ = try await redis.send("PING") }) != .closed {}
            let values = try await watched.transaction { [$0.send("INCR", "n")] }
            return (values, closing)
        }
        await values.1.value
        #expect(values.0.map(\.integer) == [1])
        let statistics = try await onThread { try live.server.probe().command("INFO", "commandstats").text }
        #expect(statistics?.contains("cmdstat_exec:") == true)
        #expect(statistics?.contains("unblock") == false)
    }

    @Test func `what changes the connection is refused, and so is watching nothing`() async throws {
        let live = try await LiveRedis.start()
        #expect(await kind { try await live.redis.watching([String]()) { _ in } } == .notSent)
        #expect(
            await kind {
                try await live.redis.watching(["n"]) { watched in
                    _ = try await watched.send("SELECT", 1)
                }
            } == .notSent)
        await live.redis.close()
    }

    @Test func `its body is over, and so is its connection`() async throws {
        let live = try await LiveRedis.start()
        let watched = try await live.redis.watching(["n"]) { $0 }
        #expect(await kind { _ = try await watched.send("GET", "n") } == .unreachable)
        await live.redis.close()
    }
}
