import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Failovers {
    @Test func `when the master dies the bridge follows the Sentinels to the next, and goes on where it was`() throws {
        let scene = try Scene {
            $0.earlier == 0 && $0.text == body(7) ? .answer(503) : .answerAfter(.milliseconds(5), 200)
        }
        let replica = try RedisServer(.init(arguments: ["--replicaof", "127.0.0.1", "\(scene.server.port)"]))
        let sentinel = try Sentinel(watching: scene.server.port)
        try sentinel.waitForReplica()
        scene.file.redis = """
            { url: "redis://unused.invalid/0", sentinel: { master: mymaster, nodes: ["127.0.0.1:\(sentinel.port)"] } }
            """
        scene.file.route.keys["concurrency"] = "4"
        scene.file.route.retry(attempts: 20, every: "8s")
        try scene.redis.add(numbers: 0..<300)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 100)
        try eventually("the attempt of one is counted") {
            try scene.redis.pending().contains { $0.deliveries == 1 && $0.consumer == "a.1" }
        }
        // Everything up to now is on the replica.
        #expect(try scene.redis.command("WAIT", "1", "5000") == 1)
        try scene.server.kill()
        try eventually("another master", timeout: .seconds(30)) { sentinel.masterPort == replica.port }
        let redis = try replica.probe()
        try eventually("it may write", timeout: .seconds(30)) {
            if case .bulk = try redis.command("XADD", "orders", "*", "n", "300") { return true }
            return false
        }
        try scene.receiver.waitUntil(timeout: .seconds(40)) { Set($0.acceptedBodies) == Set((0...300).map(body)) }
        try eventually("settled", timeout: .seconds(20)) { try redis.unsettled() == 0 }
        // What was under way or not yet replicated comes twice; four in flight and what they held behind them.
        #expect(scene.receiver.ledger.duplicates <= 16)
        #expect(scene.receiver.ledger.byID.values.first { $0[0].text == body(7) }?.attempts == ["1", "2"])
        #expect(bridge.logs("Redis is unreachable").count == 1)
        #expect(try bridge.stop() == .status(0))
    }
}
