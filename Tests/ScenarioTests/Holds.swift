import Foundation
import TestSupport
import TestThreads
import Testing

/// What people tell routes to do, and what every instance does then.
@Suite(.serialized, .ownThreads) struct Holds {
    private func scene(script: @escaping ScriptedReceiver.Script = { _ in .answer(200) }) throws -> Scene {
        let scene = try Scene(script: script)
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        return scene
    }

    private func tell(_ scene: Scene, _ words: String...) throws -> CommandResult {
        try CommandResult(.footbridge(words + ["-c", scene.writeFile()]))
    }

    @Test func `a pause holds on every instance, on those that start later, and until it is ended`() throws {
        let scene = try scene()
        let first = try scene.run(as: "a")
        let second = try scene.run(as: "b")
        try scene.redis.add(numbers: 0..<10)
        try scene.receiver.waitFor(count: 10)
        try scene.waitUntilSettled()

        #expect(
            try tell(scene, "pause", "orders")
                == CommandResult(0, output: "route orders: paused; go on with footbridge resume orders\n"))
        let admins = try [first, second].map(AdminProbe.init)
        for admin in admins { try eventually("paused", timeout: .seconds(3)) { try admin.state() == "paused" } }
        let third = try AdminProbe(try scene.run(as: "c"))
        try eventually("paused, too") { try third.state() == "paused" }
        try scene.redis.add(numbers: 10..<30)
        #expect(try first.stop() == .status(0))
        // What was blocked in a read may have come in; it is not sent.
        try eventually("nothing is in flight") { try admins[1].metric("requests_in_flight") == 0 }
        #expect(scene.receiver.ledger.count == 10)
        #expect(try #require(try admins[1].route()["reason"] as? String).contains("resume orders"))

        #expect(try tell(scene, "resume", "orders").output == "route orders: goes on\n")
        try scene.receiver.waitFor(count: 30)
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 30)
        #expect(try scene.redis.consumers().allSatisfy { !$0.hasPrefix("footbridge:hold:") })
        #expect(try second.stop() == .status(0))
    }

    /// The stream's mark is another instance's to look at from then on.
    @Test func `a route that leaves a stream to another instance while it is paused goes on when it is resumed`() throws
    {
        let scene = try scene()
        scene.file.route.streams = ["orders", "refunds"]
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.keys["ordering"] = "strict"
        scene.file.route.keys["claim_after"] = "1800ms"
        let first = try scene.run(as: "a")
        for stream in scene.file.route.streams { try scene.redis.add(numbers: [1], to: stream) }
        try scene.receiver.waitFor(count: 2)
        try scene.waitUntilSettled()
        #expect(try tell(scene, "pause", "orders").exit == .status(0))
        let admin = try AdminProbe(first)
        try eventually("paused") { try admin.state() == "paused" }
        let second = try scene.run(as: "b")
        try first.waitForLog("leaving the stream to another instance")
        try second.waitForLog("this instance delivers the stream")
        #expect(try tell(scene, "resume", "orders").exit == .status(0))
        for stream in scene.file.route.streams { try scene.redis.add(numbers: [2], to: stream) }
        try scene.receiver.waitFor(count: 4)
        try scene.waitUntilSettled()
        for bridge in [first, second] { #expect(try bridge.stop() == .status(0)) }
    }

    /// What it saw when it delivered the stream itself says nothing any more.
    @Test func `an instance that gets a stream back learns that the route is paused before it sends anything`() throws {
        let scene = try scene { _ in .answer(503) }
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.keys["ordering"] = "strict"
        scene.file.route.keys["claim_after"] = "1800ms"
        scene.file.route.retry(attempts: 1000, every: "50ms")
        let (delivers, standsBy) = (
            "this instance delivers the stream", "another instance delivers the stream; standing by"
        )
        let first = try scene.run(as: "a")
        try first.waitForLog(delivers)
        let second = try scene.run(as: "b")
        try second.waitForLog(standsBy)
        first.signal(SIGSTOP)
        try second.waitForLog(delivers)
        first.signal(SIGCONT)
        try first.waitForLog(standsBy)
        try scene.redis.add(numbers: [1])
        try scene.receiver.waitFor(count: 1)
        #expect(try tell(scene, "pause", "orders").exit == .status(0))
        let admins = try (first: AdminProbe(first), second: AdminProbe(second))
        try eventually("paused") { try admins.second.state() == "paused" }
        #expect(try second.stop() == .status(0))
        let sent = scene.receiver.ledger.count
        try eventually("it has the stream back") { first.logs(delivers).count == 2 }
        try eventually("it knows") { try admins.first.state() == "paused" }
        #expect(scene.receiver.ledger.count == sent)
        #expect(try first.stop() == .status(0))
    }

    @Test func `a route that was paused goes on when one of its streams cannot be read any more`() throws {
        let scene = try scene()
        scene.file.route.streams = ["orders", "refunds"]
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.keys["claim_after"] = "1800ms"
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        for stream in scene.file.route.streams { try scene.redis.add(numbers: [1], to: stream) }
        try scene.receiver.waitFor(count: 2)
        try scene.waitUntilSettled()
        #expect(try tell(scene, "pause", "orders").exit == .status(0))
        try eventually("paused") { try admin.state() == "paused" }
        // The read that waits hears that the group is gone, and nothing can take the stream's place.
        let words = ["XGROUP DESTROY refunds orders", "DEL refunds", "SET refunds text"]
        _ = try scene.redis.pipeline(words.map { $0.split(separator: " ").map { Array($0.utf8) } })
        try bridge.waitForLog("cannot read")
        // It cannot be told in that stream.
        _ = try tell(scene, "resume", "orders")
        try scene.redis.add(numbers: [2])
        try scene.receiver.waitFor(count: 3)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a route that drains delivers what is pending, reads nothing new, and says when it is done`() throws {
        let gate = Gate()
        let scene = try scene { $0.text == body(0) ? .answerWhenOpen(gate, 200) : .answer(200) }
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.redis.add(numbers: 0..<1)
        try scene.receiver.waitFor(count: 1)
        #expect(try admin.post("/api/v1/routes/orders/drain").status == 200)
        try eventually("draining") { try admin.state() == "draining" }
        gate.open()
        try eventually("drained") { try admin.state() == "drained" }
        // A read that was waiting when it was told may bring some.
        try scene.redis.add(numbers: 1..<200)
        try eventually("drained again") { try admin.state() == "drained" }
        let read = try #require(try admin.metric("entries_read_total"))
        #expect(read < 20)
        #expect(scene.receiver.ledger.count == Int(read))
        #expect(try admin.post("/api/v1/routes/orders/resume").status == 200)
        try eventually("reading") { try admin.state() == "reading" }
        try scene.waitUntilSettled()
        #expect(Set(scene.receiver.ledger.map(\.text)).count == 200)
    }

    @Test(arguments: [false, true])
    func `retry sends at once what would have waited for an hour, and probes an endpoint that is down`(
        entriesNameIt: Bool
    ) throws {
        let isWell = Gate()
        let scene = try scene { _ in isWell.wait(timeout: .zero) ? .answer(200) : .answer(503) }
        scene.file.route.retry(attempts: 5, every: "1h")
        if entriesNameIt { scene.file.route.url = "http://127.0.0.1:\(scene.receiver.port)/\\(.fields.n | length)" }
        try scene.redis.add(numbers: 0..<3)
        let admin = try AdminProbe(try scene.run())
        try eventually("all wait") { try admin.route()["waiting"] as? Int == 3 }
        let waiting = try admin.json("/api/v1/routes/orders/waiting?limit=2")
        #expect(waiting["total"] as? Int == 3)
        let first = try #require((waiting["waiting"] as? [[String: Any]])?.first)
        #expect((waiting["waiting"] as? [[String: Any]])?.count == 2)
        #expect(first["attempts"] as? Int == 1)
        #expect(try #require(first["due_in_s"] as? Double) > 60)
        isWell.open()
        #expect(try tell(scene, "retry", "orders").output == "route orders: all instances try now\n")
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 6)
    }

    @Test func `who cannot be told says why`() throws {
        let scene = try scene()
        let none = try tell(scene, "pause", "orders")
        #expect(none.exit == .status(78))
        #expect(none.error.contains("there is no group orders on stream orders yet"))
        #expect(try tell(scene, "pause", "nosuch").exit == .status(64))
        #expect(try tell(scene, "pause").exit == .status(64))
        #expect(try tell(scene, "resume", "--all").exit == .status(0))
        // It made nothing.
        #expect(try scene.redis.command("EXISTS", "orders") == 0)
    }
}
