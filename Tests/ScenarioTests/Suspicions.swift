import TestSupport
import TestThreads
import Testing

/// What `check --live`, and the log after the start, say of what is likely wrong in Redis.
@Suite(.serialized, .ownThreads) struct Suspicions {
    private let scene: Scene

    init() throws {
        scene = try Scene()
        scene.file.route.keys["claim_after"] = "1s"
        scene.file.route.webhook["timeout"] = "500ms"
    }

    private func check() throws -> [String] {
        try footbridge("check", "--live", "-c", scene.writeFile()).output.split(separator: "\n").map {
            String($0.drop { $0 == " " })
        }
    }

    /// What the log says of streams.
    private func told(_ bridge: ChildProcess) throws -> [String] {
        try eventually("it has looked at Redis", timeout: .seconds(20)) {
            !bridge.logs("Redis has something to look at").isEmpty
        }
        return bridge.logs("Redis has something to look at").map {
            "\($0.level) \($0.metadata["stream"] ?? "-"): \($0.metadata["reason"] ?? "")"
        }
    }

    @Test func `a name that is nearly another stream's`() throws {
        try scene.redis.add(numbers: 0..<3, to: "ordesr")
        try scene.redis.add(numbers: 0..<3, to: "customers")
        #expect(try check().contains("warn   stream orders: does not exist; did you mean ordesr?"))
        let bridge = try scene.run()
        #expect(try told(bridge).contains("warning orders: never had an entry; did you mean ordesr?"))
        #expect(try bridge.stop() == .status(0))
        // It stands there now, made at the start.
        #expect(try check().contains("warn   stream orders: never had an entry; did you mean ordesr?"))
        try scene.redis.add(numbers: 0..<1)
        #expect(try !check().contains { $0.contains("did you mean") })
    }

    @Test func `a group that a renamed route left behind`() throws {
        scene.file.route.keys["group"] = "former"
        let before = try scene.run()
        let admin = { try scene.redis.command("XINFO", "GROUPS", "orders").elements.count == 1 }
        try eventually("its group is there") { try admin() }
        #expect(try before.stop() == .status(0))
        try scene.redis.add(numbers: 0..<7)
        scene.file.route.keys["group"] = "orders"
        let text =
            "group former, which a Footbridge made, has 0 pending and 7 unread, and nobody reads with it. "
            + "If its bridge is stopped, start it. If its route was renamed, write group: former in the route that goes on with it. "
            + "If nobody needs them: footbridge group destroy former orders"
        try eventually("it has been silent for long enough") { try check().contains("warn   stream orders: \(text)") }
        let bridge = try scene.run()
        #expect(try told(bridge).contains("warning orders: \(text)"))
        #expect(try bridge.stop() == .status(0))
        #expect(
            try footbridge("group", "destroy", "former", "orders", "--yes", "-c", scene.writeFile()).exit == .status(0))
        #expect(try !check().contains { $0.contains("former") })
    }

    @Test func `another's group, and one of ours that is alive, are not`() throws {
        try scene.redis.add(numbers: 0..<7)
        #expect(try scene.redis.command("XGROUP", "CREATE", "orders", "another", "0") == .simple("OK"))
        scene.file.route.keys["group"] = "former"
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 7)
        scene.file.route.keys["group"] = "orders"
        #expect(try !check().contains { $0.contains("renamed") })
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `an instance of this name that lives`() throws {
        let bridge = try scene.run()
        let text =
            "note   an instance \(scene.file.instance) is running; if that is another one, give each an instance: of its own, "
            + "or the second waits until the first stops"
        try eventually("it is told") { try check().contains(text) }
        #expect(try bridge.stop() == .status(0))
        #expect(try !check().contains(text))
    }

    @Test func `ids that are ahead of the clock`() throws {
        let now = try #require(scene.redis.command("TIME").elements.first?.text.flatMap { UInt64($0) }) * 1000
        #expect(try scene.redis.command("XADD", "orders", "\(now + 30_000)-0", "n", "1").text != nil)
        #expect(try !check().contains { $0.contains("ahead") })
        #expect(try scene.redis.command("XADD", "orders", "\(now + 3 * 3_600_000 + 60_000)-0", "n", "1").text != nil)
        #expect(
            try check().contains { $0.hasPrefix("warn   stream orders: its ids are 3h ahead of the server's clock: ") })
        let bridge = try scene.run()
        #expect(try told(bridge).contains { $0.hasPrefix("warning orders: its ids are 3h ahead") })
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a stream that grows without end, unless it is trimmed`() throws {
        for start in stride(from: 0, to: 100_000, by: 10_000) { try scene.redis.add(numbers: start..<start + 10_000) }
        let text = "warn   stream orders: has grown to 100000 entries, and nothing was ever removed from it; "
        #expect(try check().contains { $0.hasPrefix(text) && $0.contains("trim: { keep: 7d }") })
        scene.file.route.keys["trim"] = "{ keep: 7d }"
        #expect(try !check().contains { $0.contains("has grown") })
        scene.file.route.keys["trim"] = nil
        // Somebody trims it.
        #expect(try scene.redis.command("XTRIM", "orders", "MAXLEN", "~", "99999").integer == 0)
        let first = try scene.redis.command("XRANGE", "orders", "-", "+", "COUNT", "1").elements[0].elements[0].text
        #expect(try scene.redis.command("XDEL", "orders", first ?? "").integer == 1)
        #expect(try scene.redis.add(numbers: 0..<1).count == 1)
        #expect(try !check().contains { $0.contains("has grown") })
    }

    @Test func `what evicts or forgets is told at the start, too`() throws {
        #expect(try scene.redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru") == .simple("OK"))
        let bridge = try scene.run()
        let lines = try told(bridge)
        #expect(
            lines.contains(
                "warning -: eviction: maxmemory-policy is allkeys-lru, which may delete streams with their groups; set noeviction"
            ))
        #expect(try bridge.stop() == .status(0))
    }
}
