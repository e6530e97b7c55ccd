import Foundation
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
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        let ids = try scene.redis.add(numbers: 0..<100)
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
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
        // It is shown everywhere that it is not just reading.
        let reason = "stream orders: dead letters cannot be written: OOM command not allowed"
        let route = try admin.route()
        #expect(route["state"] as? String == "refused")
        #expect(try #require(route["reason"] as? String).hasPrefix(reason))
        let ready = try admin.get("/readyz")
        // It delivers what it can, so it is no worse than others.
        #expect(ready.status == 200 && ready.body.contains(reason))
        #expect(try admin.metric("redis_refusing") == 1)
        #expect(try admin.metrics()[#"footbridge_route_state{route="orders",state="refused"}"#] == 1)
        let status = try CommandResult(.footbridge(["status", "-c", scene.writeFile()]))
        #expect(status.output.contains("orders: refused: \(reason)"))
        // And elsewhere, by the report in Redis.
        try eventually("a report", timeout: .patience) {
            try scene.redis.command("GET", "footbridge:status:a").text?.contains(#""state":"refused""#) == true
        }
        #expect(try scene.redis.command("CONFIG", "SET", "maxmemory", "0") == .simple("OK"))
        try eventually("a dead letter") { try scene.redis.entries("{orders}:dead:orders").count == 1 }
        try scene.waitUntilSettled()
        try eventually("nothing is refused") { try admin.state() == "reading" }
        #expect(try admin.metric("redis_refusing") == 0)
        #expect(try scene.redis.entries("{orders}:dead:orders")[0].last == Field("field.n", "3"))
        #expect(bridge.logs().filter { $0.level == "error" }.count == 1)
        #expect(bridge.repetitions == [])
        #expect(scene.receiver.ledger.acceptedIDs.count == 99)
        #expect(scene.receiver.ledger.filter { $0.text == body(3) }.attempts == ["1", "2"])
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `out of memory, people can have a route wait, and another instance has the lease of one in order`()
        throws
    {
        let scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.keys["ordering"] = "strict"
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.keys["claim_after"] = "1800ms"
        let first = try scene.run(as: "a")
        try scene.redis.add(numbers: 0..<20)
        try scene.receiver.waitFor(count: 20)
        try scene.waitUntilSettled()
        #expect(try scene.redis.command("CONFIG", "SET", "maxmemory", "1") == .simple("OK"))
        func tell(_ action: String) throws -> CommandResult {
            try CommandResult(.footbridge([action, "orders", "-c", scene.writeFile()]))
        }
        let admin = try AdminProbe(first)
        for (action, state) in [("pause", "paused"), ("drain", "drained"), ("resume", "reading"), ("pause", "paused")] {
            let told = try tell(action)
            #expect(told.exit == .status(0), "\(action): \(told.error)")
            try eventually(state) { try admin.state() == state }
        }
        #expect(try scene.redis.consumers().count { $0.hasPrefix("footbridge:hold:") } == 1)
        first.signal(SIGKILL)
        let second = try AdminProbe(try scene.run(as: "b"))
        try eventually("paused there, too", timeout: .patience) { try second.state() == "paused" }
        #expect(try tell("resume").exit == .status(0))
        try eventually("it leads", timeout: .patience) {
            try second.state() == "reading" && second.metric("streams_led") == 1
        }
        #expect(try scene.redis.command("CONFIG", "SET", "maxmemory", "0") == .simple("OK"))
        try scene.redis.add(numbers: 20..<25)
        try scene.receiver.waitFor(count: 25)
        try scene.waitUntilSettled()
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
