import Synchronization
import TestSupport
import Testing

@testable import RedisStreams

/// Pipelines, transactions and scripts, against real servers.
@Suite(.timeLimit(.minutes(1)), .onEveryServer) struct LiveBatchTests {
    @Test func `a pipeline brings each command its own result`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        _ = try await redis.send("SET", "text", "x")
        let (id, wrong, total) = try await redis.pipeline {
            ($0.add(["n": 1], to: "s"), $0.add(["n": 1], to: "text"), $0.send("INCRBY", "total", 5))
        }
        #expect(try await redis.stream("s")[id.get()]?["n"] == "1")
        #expect(throws: Redis.Failure.self) { try wrong.get() }
        #expect(try total.get().integer == 5)
        let counts = try await redis.pipeline { batch in ["s", "none"].map { batch.count(of: $0) } }
        #expect(try counts.map { try $0.get() } == [1, 0])
        #expect(
            await kind { _ = try await redis.pipeline { [$0.send("INCR", "total"), $0.send("MULTI")] } } == .notSent)
        #expect(try await redis.send("GET", "total").integer == 5)
        await redis.close()
    }

    @Test func `a pipeline of which nothing is answered throws`() async throws {
        let live = try await LiveRedis.start()
        try live.server.probe().command("CLIENT", "PAUSE", "60000", "ALL")
        let failure = await failure {
            _ = try await live.redis.with(deadline: .milliseconds(200)).pipeline {
                ($0.send("INCR", "n"), $0.add(["n": 1], to: "s"))
            }
        }
        #expect(failure?.kind == .timedOut && failure?.mayHaveRun == true && failure?.command == "INCR")
        await live.redis.with(deadline: .milliseconds(100)).close()
    }

    @Test func `a transaction runs as one`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        let (id, total) = try await redis.transaction { ($0.add(["n": 1], to: "s"), $0.send("INCR", "total")) }
        #expect(try await redis.stream("s")[id]?["n"] == "1")
        #expect(total.integer == 1)
        // Not understood: nothing runs.
        let refused = await failure {
            _ = try await redis.transaction { ($0.add(["n": 2], to: "s"), $0.send("NONSENSE")) }
        }
        #expect(refused?.kind == .unknownCommand && refused?.mayHaveRun == false && refused?.command == "NONSENSE")
        #expect(try await redis.stream("s").count == 1)
        // Fails in its turn: the others ran.
        let late = await failure {
            _ = try await redis.transaction { ($0.add(["n": 3], to: "s"), $0.add(["n": 3], to: "total")) }
        }
        #expect(late?.kind == .wrongType && late?.mayHaveRun == true)
        #expect(try await redis.stream("s").count == 2)
        #expect(try await redis.transaction { (_: inout CommandBatch) -> [QueuedCommand<Int>] in [] } == [])
        // The connection is as it was.
        #expect(try await redis.send("ECHO", "mine").text == "mine")
        await redis.close()
    }

    @Test func `a transaction whose reply is lost may have run`() async throws {
        let live = try await LiveRedis.start()
        let probe = try live.server.probe()
        try probe.command("CLIENT", "PAUSE", "60000", "ALL")
        async let failed = failure {
            _ = try await live.redis.with(deadline: .milliseconds(200)).transaction { [$0.send("INCR", "n")] }
        }
        let failure = await failed
        #expect(failure?.kind == .timedOut && failure?.mayHaveRun == true && failure?.command == "EXEC")
        await live.redis.with(deadline: .milliseconds(100)).close()
    }

    @Test func `a script runs by its digest, also where it is not known yet`() async throws {
        let live = try await LiveRedis.start()
        let redis = live.redis
        let script = RedisScript("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")
        #expect(try await redis.send("SCRIPT", "LOAD", script.source).text == script.digest)
        for count in 1...2 {
            let reply = try await redis.run(script, keys: ["n"], arguments: [[0xFF] as [UInt8]])
            #expect(reply.elements?[0].text == "n")
            #expect(reply.elements?[1].bytes == [0xFF])
            #expect(reply.elements?[2].integer == count)
            _ = try await redis.send("SCRIPT", "FLUSH")
        }
        let failed = await failure {
            try await redis.script("redis.call('SET', 'a', 1); return redis.call('XLEN', 'a')")
        }
        #expect(failed?.kind == .wrongType && failed?.mayHaveRun == true)
        #expect(try await redis.send("GET", "a").integer == 1)
        await redis.close()
    }

    /// RFC 3174, and a text whose padding takes a block of its own.
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
    ])
    func `digests`(text: String, digest: String) { #expect(RedisScript(text).digest == digest) }
}
