import TestSupport
import TestThreads
import Testing

/// Redis has given entries to a bridge that never heard of them: the reply was lost, or is on its way yet.
@Suite(.serialized, .ownThreads) struct LostReplies {
    /// Runs a bridge whose read waits for entries, and which looks at its group five times in a second.
    private func waiting() throws -> (Scene, ChildProcess) {
        let scene = try Scene()
        scene.file.route.webhook["timeout"] = "400ms"
        scene.file.route.keys["claim_after"] = "800ms"
        let bridge = try scene.run()
        try eventually("its read waits") { try scene.redis.info("blocked_clients") == "1" }
        return (scene, bridge)
    }

    /// Adds entries that are the bridge's before its read is served; gives their ids.
    private func give(_ numbers: Range<Int>, _ scene: Scene) throws -> [String] {
        let additions = numbers.map { ["XADD", "orders", "*", "n", "\($0)"] }
        let read = ["XREADGROUP", "GROUP", "orders", "a.1", "STREAMS", "orders", ">"]
        let words = [["MULTI"]] + additions + [read, ["EXEC"]]
        let replies = try scene.redis.pipeline(words.map { $0.map { Array($0.utf8) } })
        return try #require(replies.last).elements.prefix(numbers.count).compactMap(\.text)
    }

    /// Makes an entry look as if it had been given to the bridge a minute ago.
    private func age(_ id: String, _ scene: Scene) throws {
        let words = ["XCLAIM", "orders", "orders", "a.1", "0", id, "IDLE", "60000", "RETRYCOUNT", "1", "JUSTID"]
        #expect(try scene.redis.command(words.map { Array($0.utf8) }) == [.bulk(Array(id.utf8))])
    }

    @Test func `what a reply held that was cut off is delivered, as its first attempt`() throws {
        let (scene, _) = try waiting()
        #expect(try give(0..<3, scene).count == 3)
        try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        let ledger = try scene.receiver.waitFor(count: 3)
        try scene.waitUntilSettled()
        #expect(ledger.map(\.text).sorted() == (0..<3).map(body))
        #expect(ledger.attempts == ["1", "1", "1"])
        #expect(scene.receiver.ledger.count == 3)
    }

    @Test func `what may be on its way yet is waited for, and looked for only when it cannot be`() throws {
        let (scene, bridge) = try waiting()
        let ids = try give(0..<2, scene)
        try #require(ids.count == 2)
        try age(ids[0], scene)
        #expect(try scene.receiver.waitFor(count: 1).map(\.text) == [body(0)])
        try bridge.waitForLog("resuming pending entries")
        #expect(bridge.logs("resuming pending entries").map { $0.metadata["count"] } == ["1"])
        try age(ids[1], scene)
        let ledger = try scene.receiver.waitFor(count: 2)
        try scene.waitUntilSettled()
        #expect(ledger.map(\.text) == [body(0), body(1)])
        #expect(ledger.attempts == ["1", "1"])
    }
}
