import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Publishing {
    private func scene(_ destination: String = "publish: { channel: events }") throws -> Scene {
        let scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.destination = destination
        return scene
    }

    /// Listens, and gives the texts of the next messages.
    private final class Listener {
        private let probe: RedisProbe

        init(_ server: RedisServer, _ command: String = "SUBSCRIBE", _ channel: String = "events") throws {
            probe = try server.probe()
            #expect(try probe.command(command, channel).elements.first?.text == command.lowercased())
        }

        func next(_ count: Int) throws -> [String] {
            try (0..<count).map { _ in try probe.receive().elements.last?.text ?? "" }
        }
    }

    private let unheard = "nobody listens; entries are published all the same"

    @Test func `whoever listens gets every entry`() throws {
        let scene = try scene()
        let listeners = try [Listener(scene.server), Listener(scene.server)]
        try scene.redis.add(numbers: 0..<200)
        let bridge = try scene.run()
        for listener in listeners { #expect(Set(try listener.next(200)) == Set((0..<200).map(body))) }
        try scene.waitUntilSettled()
        let admin = try AdminProbe(bridge)
        #expect(try admin.metric("entries_delivered_total") == 200)
        #expect(try admin.metric("publish_receivers_total") == 400)
        #expect(try admin.metric("publish_unheard_total") == 0)
        #expect(try admin.metric("delivery_duration_seconds_count") == 200)
        #expect(try bridge.stop() == .status(0))
        #expect(bridge.logs(unheard).isEmpty)
    }

    @Test func `an entry says on which channel, and a name that is none is its own fault`() throws {
        let scene = try scene(#"publish: { channel: 'events.\(.fields.to)', body: { jq: .fields.n } }"#)
        let listeners = try [
            Listener(scene.server, "SUBSCRIBE", "events.a"), Listener(scene.server, "SUBSCRIBE", "events.b c"),
        ]
        for (number, to) in ["a", "b c", "a", "x\r\nPUBLISH", ""].enumerated() {
            try scene.redis.command("XADD", "orders", "*", "n", "\(number)", "to", to)
        }
        try scene.redis.command("XADD", "orders", "*", "n", "5")
        let bridge = try scene.run()
        #expect(try listeners[0].next(2) == [#""0""#, #""2""#])
        #expect(try listeners[1].next(1) == [#""1""#])
        try scene.waitUntilSettled()
        let letters = try scene.redis.entries("{orders}:dead:orders").compactMap {
            $0.first { $0.name == "reason" }?.text
        }
        #expect(letters.count == 2)
        #expect(letters.allSatisfy { $0.hasPrefix("unshapeable: publish.channel: ") }, "\(letters)")
        #expect(try AdminProbe(bridge).metric("entries_delivered_total") == 4)
    }

    @Test func `that nobody listens is told once, until somebody does`() throws {
        let scene = try scene()
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.redis.add(numbers: 0..<3)
        try eventually("published") { try admin.metric("publish_unheard_total") == 3 }
        try scene.waitUntilSettled()
        let listener = try Listener(scene.server)
        try scene.redis.add(numbers: [3])
        #expect(try listener.next(1) == [body(3)])
        try bridge.waitForLog("somebody listens again")
        #expect(bridge.logs(unheard).map(\.metadata["channel"]) == ["events"])
        #expect(try admin.metric("entries_delivered_total") == 4)
    }

    @Test func `a shard channel, and the bytes of one field`() throws {
        let scene = try scene("publish: { channel: events, shard: true, body: { field: n } }")
        let listener = try Listener(scene.server, "SSUBSCRIBE")
        try scene.redis.add(numbers: [7])
        try scene.redis.add([Field("other", "8")])
        try scene.run()
        #expect(try listener.next(1) == ["7"])
        try eventually("what has no such field is dead") { try scene.redis.entries("{orders}:dead:orders").count == 1 }
        #expect(try scene.redis.entries("{orders}:dead:orders")[0][0] == Field("reason", "malformed: no field \"n\""))
    }

    @Test func `a channel that the user may not use holds the route until it may`() throws {
        let scene = try scene()
        let words = ["ACL", "SETUSER", "bob", "on", ">secret", "~*", "+@all", "resetchannels", "&footbridge:*"]
        #expect(try scene.redis.command(words.map { Array($0.utf8) }) == .simple("OK"))
        scene.file.redis = "{ url: \"redis://bob:secret@127.0.0.1:\(scene.server.port)\" }"
        let check = try footbridge("check", "--live", "-c", scene.writeFile())
        #expect(check.exit == .status(78))
        #expect(
            check.output.contains(
                "route orders: user bob may not use the channel of PUBLISH; allow it: "
                    + "ACL SETUSER bob ~orders ~{orders}:dead:orders &events\n"))
        try scene.redis.add(numbers: 0..<5)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint is down")
        let told = try #require(bridge.logs().first { $0.message.hasPrefix("the endpoint is down") })
        #expect(told.metadata["endpoint"] == "channel events")
        #expect(told.metadata["reason"]?.hasPrefix("Redis refuses: NOPERM") == true)
        #expect(try scene.redis.unsettled() == 5)
        let listener = try Listener(scene.server)
        #expect(try scene.redis.command("ACL", "SETUSER", "bob", "&events") == .simple("OK"))
        #expect(Set(try listener.next(5)) == Set((0..<5).map(body)))
        try scene.waitUntilSettled()
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `another server gets the messages, and may be away`() throws {
        let other = try RedisServer()
        let scene = try scene("publish: { channel: events, redis: \"\(other.url)\" }")
        let bridge = try scene.run()
        try other.kill()
        try bridge.waitForLog("Redis is unreachable")
        #expect(bridge.logs("Redis is unreachable").map(\.metadata["address"]) == ["127.0.0.1:\(other.port)"])
        try scene.redis.add(numbers: 0..<40)
        try bridge.waitForLog("the endpoint is down")
        #expect(try AdminProbe(bridge).metrics()["footbridge_redis_up"] == 1)
        try other.restart()
        try scene.waitUntilSettled(timeout: .seconds(30))
        #expect(try AdminProbe(bridge).metric("entries_delivered_total") == 40)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
        try bridge.waitForLog("the endpoint accepts requests again")
    }
}
