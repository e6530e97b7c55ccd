import TestSupport
import TestThreads
import Testing

/// Dead letters by the hundred, and some that cannot be written.
@Suite(.serialized, .ownThreads) struct LettersInFloods {
    @Test func `a flood of dead letters is a few lines of log`() throws {
        let scene = try Scene()
        scene.file.route.webhook["body"] = "{ field: data }"
        for number in 0..<500 { try scene.redis.add([Field("other", "\(number)")]) }
        try scene.redis.add([Field("data", "last")])
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        try eventually("all are told") { bridge.toldLetters >= 500 }
        #expect(bridge.toldLetters == 500)
        #expect(bridge.logs("entry dead-lettered").count <= 6)
        #expect(try scene.redis.entries("{orders}:dead:orders").count == 500)
    }

    @Test
    func `trimmed entries of a dead consumer are counted once while dead letters are refused, and hold up nobody`()
        throws
    {
        let scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.webhook["timeout"] = "200ms"
        scene.file.route.keys["claim_after"] = "400ms"
        let ids = try scene.redis.add(numbers: 0..<60)
        try scene.redis.command("XGROUP", "CREATE", "orders", "orders", "0")
        try scene.redis.command("XREADGROUP", "GROUP", "orders", "gone.1", "STREAMS", "orders", ">")
        try scene.redis.command("XTRIM", "orders", "MAXLEN", "=", "0")
        #expect(try scene.redis.command("SET", "{orders}:dead:orders", "text") == .simple("OK"))
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try bridge.waitForLog("dead letters cannot be written; their entries are kept")
        // Several rounds of takeover.
        for round in 1...5 {
            try scene.redis.add(numbers: (100 * round)..<(100 * round + 28))
            try scene.receiver.waitFor(count: 28 * round, timeout: .seconds(2))
            letPass(.milliseconds(150))
        }
        var metrics = [try admin.metric("entries_trimmed_total"), try admin.metric("entries_dead_lettered_total")]
        #expect([[0, 0], [60, 0]].contains(metrics))
        #expect(try scene.redis.pending().map(\.id) == ids)
        try scene.redis.command("DEL", "{orders}:dead:orders")
        try eventually("all are buried", timeout: .seconds(12)) {
            try scene.redis.entries("{orders}:dead:orders").count == 60
        }
        try scene.waitUntilSettled()
        metrics = [try admin.metric("entries_trimmed_total"), try admin.metric("entries_dead_lettered_total")]
        #expect(metrics == [60, 60])
        #expect(scene.receiver.ledger.count == 140)
        #expect(bridge.logs("dead letters cannot be written; their entries are kept").count == 1)
    }
}
