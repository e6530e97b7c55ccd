import RedisStreams
import TestSupport
import TestThreads
import Testing

/// A client that asks Sentinels for its server.
@Suite(.waiting, .timeLimit(.minutes(2))) struct LiveSentinelTests {
    private struct Setting: Sendable {
        let master: RedisServer
        let replica: RedisServer
        let sentinel: Sentinel

        init() throws {
            master = try RedisServer()
            replica = try RedisServer(.init(arguments: ["--replicaof", "127.0.0.1", "\(master.port)"]))
            sentinel = try Sentinel(watching: master.port)
            try sentinel.waitForReplica()
        }
    }

    @Test func `a worker follows the Sentinels to the next master`() async throws {
        let setting = try await onThread { try Setting() }
        let redis = try await Redis.connect(
            master: "mymaster", sentinels: ["redis://127.0.0.1:1", "redis://127.0.0.1:\(setting.sentinel.port)"],
            deadline: .seconds(30))
        let group = redis.consumerGroup("g", of: ["s"])
        try await group.create()
        try await redis.stream("s").add(contentsOf: (0..<10).map { ["n": $0] })
        #expect(try await redis.send("WAIT", 1, 5000).integer == 1)
        var met: Set<Int> = []
        for try await message in group.entries(count: 2) {
            met.insert(message.fields.integer("n") ?? -1)
            if met.count == 5 { try await onThread { try setting.master.kill() } }
            if met.count == 10 { break }
        }
        #expect(met == Set(0..<10))
        try await redis.stream("s").add(["n": 10])
        let onReplica = try await onThread { try setting.replica.probe().command("XLEN", "s") }
        #expect(onReplica == 11)
        await redis.close()
    }

    @Test func `what is wrong with the Sentinels is told`() async throws {
        await #expect(throws: Redis.Failure(.invalidConfiguration, reason: "no Sentinel is named")) {
            _ = try await Redis.connect(master: "mymaster", sentinels: [])
        }
        let setting = try await onThread { try Setting() }
        let failure = await failure {
            _ = try await Redis.connect(master: "other", sentinels: ["redis://127.0.0.1:\(setting.sentinel.port)"])
        }
        #expect(failure?.kind == .unreachable)
        #expect(failure?.description.contains("other") == true)
    }
}
