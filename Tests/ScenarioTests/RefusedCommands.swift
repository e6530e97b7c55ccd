import Glibc
import TestSupport
import TestThreads
import Testing

/// What Redis refuses is kept, said once, tried again seldom, and goes on by itself.
@Suite(.serialized, .ownThreads) struct RefusedCommands {
    /// - Parameter reconnecting: the connections are lost meanwhile, so that those that come up find the trouble.
    @Test(arguments: [
        (Refusal.misconf, false), (.misconf, true), (.noReplicas, true), (.readOnly, false), (.busy, false),
        (.busy, true), (.mayNot("xack", says: "Redis does not settle entries"), false),
        (.mayNot("xclaim", says: "Redis does not count attempts"), false),
        (.mayNot("xreadgroup", says: "cannot read"), true),
    ])
    func `a refusal costs nothing`(_ refusal: Refusal, reconnecting: Bool) throws {
        let gate = Gate()
        let scene = try Scene { request in
            request.earlier == 0 && request.text == body(1) ? .answer(503) : .answerWhenOpen(gate, 200)
        }
        try scene.useUser()
        scene.file.route.webhook["timeout"] = "1s"
        scene.file.route.keys["claim_after"] = "2s"
        scene.file.route.keys["concurrency"] = "4"
        scene.file.route.retry(attempts: 20, every: "500ms")
        // The second would not have room for a further read.
        let count = reconnecting ? 8 : 40
        try scene.redis.add(numbers: 0..<count)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 4)
        try scene.redis.command("CONFIG", "RESETSTAT")
        try refusal.begin(scene)
        if reconnecting { try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") }
        gate.open()
        try bridge.waitForLog(refusal.says)
        // Longer than half of claim_after, when nothing is sent any more without a sign of life.
        letPass(.milliseconds(1100))
        try refusal.end(scene)
        let commands = try scene.redis.commandsReceived()
        #expect(commands < 120)
        try scene.waitUntilSettled()
        #expect(bridge.repetitions == [])
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<count).map(body)))
        #expect(scene.receiver.ledger.count == count + 1)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a takeover that is refused is told once, and made later`() throws {
        let scene = try Scene { $0.earlier == 0 ? .hang : .answer(200) }
        scene.file.route.webhook["timeout"] = "450ms"
        scene.file.route.keys["claim_after"] = "900ms"
        scene.file.route.keys["concurrency"] = "4"
        let dead = try scene.run(as: "a")
        try scene.redis.add(numbers: 0..<8)
        try scene.receiver.waitFor(count: 4)
        let other = try scene.run(as: "b")
        try eventually("both read") { try scene.redis.info("blocked_clients") == "2" }
        try dead.crash()
        try Refusal.noReplicas.begin(scene)
        try other.waitForLog("cannot take over entries")
        try scene.redis.command("CONFIG", "RESETSTAT")
        // Each round shows life, and tries again.
        try eventually("it is refused again and again") { try scene.redis.refusals("NOREPLICAS") >= 10 }
        try Refusal.noReplicas.end(scene)
        try scene.receiver.waitUntil { Set($0.acceptedBodies) == Set((0..<8).map(body)) }
        try scene.waitUntilSettled()
        #expect(other.logs("cannot take over entries").count == 1)
    }
}
