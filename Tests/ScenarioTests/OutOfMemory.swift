import Glibc
import TestSupport
import TestThreads
import Testing

/// A Redis that takes nothing new, for `maxmemory` is reached and nothing may be evicted.
@Suite(.serialized, .ownThreads) struct OutOfMemory {
    @Test func `out of memory, delivery goes on, and what should be a dead letter is kept and told`() throws {
        let gate = Gate()
        let scene = try Scene { $0.text == body(3) ? .answerWhenOpen(gate, 422) : .answerWhenOpen(gate, 200) }
        scene.file.route.keys["concurrency"] = "4"
        scene.file.route.retry(attempts: 5, every: "1s", giveUp: "always")
        let ids = try scene.redis.add(numbers: 0..<100)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 4)
        try scene.redis.command("CONFIG", "RESETSTAT")
        #expect(try scene.redis.command("CONFIG", "SET", "maxmemory", "1") == .simple("OK"))
        #expect(try scene.redis.command("XADD", "orders", "*", "n", "0").text?.hasPrefix("OOM ") == true)
        gate.open()
        try bridge.waitForLog("dead letters cannot be written; their entries are kept")
        // Most of them were not read before.
        try scene.receiver.waitUntil { $0.acceptedBodies.count == 99 }
        try eventually("all others are settled") {
            try scene.redis.unsettled() == 1 && scene.redis.pending().map(\.id) == [ids[3]]
        }
        #expect(try scene.redis.command("CONFIG", "SET", "maxmemory", "0") == .simple("OK"))
        try eventually("a dead letter") { try scene.redis.entries("{orders}:dead:orders").count == 1 }
        try scene.waitUntilSettled()
        #expect(try scene.redis.entries("{orders}:dead:orders")[0].last == Field("field.n", "3"))
        #expect(bridge.logs().filter { $0.level == "error" }.count == 1)
        #expect(bridge.repetitions == [])
        #expect(scene.receiver.ledger.acceptedIDs.count == 99)
        #expect(scene.receiver.ledger.filter { $0.text == body(3) }.attempts == ["1", "2"])
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a group that cannot be made for want of memory is made later`() throws {
        let scene = try Scene()
        try scene.redis.add(numbers: 0..<20)
        #expect(try scene.redis.command("CONFIG", "SET", "maxmemory", "1") == .simple("OK"))
        let bridge = try scene.run()
        try bridge.waitForLog("cannot read")
        #expect(bridge.logs("cannot read").first?.metadata["error"]?.hasPrefix("OOM ") == true)
        try scene.redis.command("CONFIG", "RESETSTAT")
        letPass(.seconds(1))
        #expect(try scene.redis.commandsReceived() < 40)
        #expect(try scene.redis.command("CONFIG", "SET", "maxmemory", "0") == .simple("OK"))
        try scene.receiver.waitFor(count: 20)
        try scene.waitUntilSettled()
        #expect(bridge.repetitions == [])
    }
}
