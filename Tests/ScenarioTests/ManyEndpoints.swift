import Foundation
import TestSupport
import TestThreads
import Testing

/// Routes whose entries say where they go.
@Suite(.serialized, .ownThreads) struct ManyEndpoints {
    private func scene() throws -> Scene {
        let scene = try Scene()
        scene.file.route.url = "\\(.fields.url)"
        return scene
    }

    @Test func `each entry goes to the URL that it names`() throws {
        let scene = try Scene()
        let other = try ScriptedReceiver()
        scene.file.route.url = "\\(.fields.url)"
        for (number, receiver) in [scene.receiver, other, scene.receiver].enumerated() {
            try scene.redis.add([Field("url", "\(receiver.url)/a%20b?n=\(number)")])
        }
        let wrong = [
            "", "ftp://127.0.0.1/", "http://user:pw@127.0.0.1/", "http://127.0.0.1/\r\nX-Evil: 1", "http:///x",
            "http://127.0.0.1:99999/", "//127.0.0.1/", "http://a b/",
        ]
        for url in wrong { try scene.redis.add([Field("url", url)]) }
        try scene.redis.add([Field("n", "1")])
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.map(\.path).sorted() == ["/hooks/a%20b?n=0", "/hooks/a%20b?n=2"])
        #expect(other.ledger.map(\.path) == ["/hooks/a%20b?n=1"])
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(letters.count == wrong.count + 1)
        #expect(letters.allSatisfy { "\($0[0])".contains("unshapeable: webhook.url: ") })
        #expect(!bridge.errorOutput.contains("pw@"))
    }

    @Test func `a part of the host may come from the entry, and nothing but a name fits`() throws {
        let scene = try Scene()
        scene.file.allow = "[localhost, 127.0.0.0/8]"
        scene.file.route.url = "http://127.0.0.\\(.fields.n):\(scene.receiver.port)/x"
        for host in ["1", "1@evil.example", "1/", "1:1", "1%2f"] { try scene.redis.add([Field("n", host)]) }
        try scene.run()
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.map(\.path) == ["/x"])
        #expect(try scene.redis.entries("{orders}:dead:orders").count == 4)
    }

    @Test func `one that is down is probed by itself, and costs the others nothing`() throws {
        let isMended = Monitor(false)
        let sick = try ScriptedReceiver { _ in isMended.value ? .answer(200) : .answer(503) }
        let scene = try scene()
        scene.file.route.webhook["body"] = "{ field: n }"
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.retry(attempts: 3, every: "100ms")
        for number in 0..<1000 {
            let receiver = number.isMultiple(of: 2) ? sick : scene.receiver
            try scene.redis.add([Field("url", receiver.url), Field("n", "\(number)")])
        }
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.receiver.waitFor(count: 500)
        try eventually("it is told") { bridge.logs().contains { $0.message.hasPrefix("the endpoint is down") } }
        let told = bridge.logs().filter { $0.message.hasPrefix("the endpoint is down") }
        #expect(told.map { $0.metadata["endpoint"] } == ["http://127.0.0.1:\(sick.port)"])
        #expect(sick.ledger.count <= 60)
        #expect(scene.receiver.ledger.duplicates == 0)
        try eventually("one of two endpoints is down") { try admin.metric("endpoints_down") == 1 }
        #expect(try admin.metric("endpoints_known") == 2)
        isMended.withLock { $0 = true }
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(sick.ledger.acceptedBodies.compactMap(Int.init).sorted() == (0..<500).map { 2 * $0 })
        #expect(sick.ledger.duplicates == 0)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `one that is slow does not take all requests`() throws {
        let gate = Gate()
        let slow = try ScriptedReceiver { _ in .answerWhenOpen(gate, 200) }
        let scene = try scene()
        scene.file.route.keys["concurrency"] = "8"
        scene.file.route.webhook["timeout"] = "30s"
        scene.file.route.keys["claim_after"] = "60s"
        for _ in 0..<100 { try scene.redis.add([Field("url", slow.url)]) }
        for _ in 0..<200 { try scene.redis.add([Field("url", scene.receiver.url)]) }
        try scene.run()
        try scene.receiver.waitFor(count: 200)
        #expect((1...4).contains(slow.ledger.count), "\(slow.ledger.count)")
        gate.open()
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(slow.ledger.count == 100 && slow.ledger.duplicates == 0)
    }

    @Test func `one that has a limit is sent as much as it takes, and its entries wait without a sound`() throws {
        let slow = try ScriptedReceiver()
        let scene = try scene()
        scene.file.route.keys["rate"] = "{ limit: 40/s, burst: 1 }"
        for _ in 0..<120 { try scene.redis.add([Field("url", slow.url)]) }
        for number in 0..<20 { try scene.redis.add([Field("url", scene.receiver.url), Field("n", "\(number)")]) }
        try scene.redis.command("CONFIG", "RESETSTAT")
        try scene.run()
        try scene.receiver.waitFor(count: 20)
        #expect(slow.ledger.count < 60)
        try scene.waitUntilSettled()
        #expect(slow.ledger.count == 120 && slow.ledger.duplicates == 0)
        let time = try #require(slow.ledger.last).time - slow.ledger[0].time
        #expect(time >= .milliseconds(119 * 25 - 50) && time <= .milliseconds(119 * 25 * 5 / 4))
        // Each is read, set aside, fetched and acknowledged once: they are not fetched in vain again and again.
        #expect(try scene.redis.commandsReceived() < 2500)
    }

    @Test func `with give_up always, what is down gets its attempts all the same`() throws {
        let sick = try ScriptedReceiver { _ in .answer(503) }
        let scene = try scene()
        scene.file.route.retry(attempts: 3, every: "100ms", giveUp: "always")
        for _ in 0..<50 { try scene.redis.add([Field("url", sick.url)]) }
        try scene.run()
        try scene.waitUntilSettled()
        #expect(sick.ledger.count == 150)
        #expect(try scene.redis.entries("{orders}:dead:orders").count == 50)
    }

    /// The probe is to be another entry each time; here no other has another id.
    @Test func `entries of two streams may have the same id`() throws {
        let scene = try scene()
        scene.file.level = "debug"
        scene.file.route.streams = ["orders", "refunds"]
        for stream in scene.file.route.streams {
            try scene.redis.command("XADD", stream, "5-1", "url", "http://10.1.2.3/")
        }
        let bridge = try scene.run()
        // Each once, and two probes.
        try eventually("the second probe") { bridge.logs("attempt made").count >= 4 }
        try scene.redis.add([Field("url", scene.receiver.url)])
        try scene.receiver.waitFor(count: 1)
        try eventually("that one is settled") { try scene.redis.unsettled("orders") == 1 }
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `what was ready when the bridge stopped has had no attempt`() throws {
        let gate = Gate()
        let slow = try ScriptedReceiver { _ in .answerWhenOpen(gate, 200) }
        let scene = try scene()
        scene.file.route.webhook["body"] = "{ field: n }"
        scene.file.route.keys["concurrency"] = "8"
        scene.file.route.keys["drain_timeout"] = "100ms"
        for number in 0..<20 { try scene.redis.add([Field("url", slow.url), Field("n", "\(number)")]) }
        let bridge = try scene.run()
        try slow.waitFor(count: 2)
        try bridge.stop()
        let begun = Set(slow.ledger.map(\.text))
        gate.open()
        try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(20))
        let others = slow.ledger.filter { !begun.contains($0.text) }
        #expect(others.count == 20 - begun.count && others.allSatisfy { $0["webhook-attempt"] == "1" })
    }

    @Test func `that too many wait for others to be read is told, and readiness says so`() throws {
        let isMended = Monitor(false)
        let sick = try ScriptedReceiver { _ in isMended.value ? .answer(200) : .answer(503) }
        let scene = try scene()
        scene.file.route.keys["max_parked"] = "200"
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        for _ in 0..<800 { try scene.redis.add([Field("url", sick.url)]) }
        for _ in 0..<50 { try scene.redis.add([Field("url", scene.receiver.url)]) }
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try bridge.waitForLog("as many entries wait as max_parked allows")
        #expect(try admin.get("/readyz").body.contains("as many entries wait as max_parked allows"))
        isMended.withLock { $0 = true }
        try scene.waitUntilSettled(timeout: .seconds(20))
        try bridge.waitForLog("fewer entries wait: reading again")
        #expect(sick.ledger.acceptedIDs.count == 800 && scene.receiver.ledger.count == 50)
    }

    @Test func `people's retry sends one that is down a probe, and leaves what waits for it where it is`() throws {
        let sick = try ScriptedReceiver { _ in .answer(503) }
        let scene = try scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        for _ in 0..<200 { try scene.redis.add([Field("url", sick.url)]) }
        let admin = try AdminProbe(try scene.run())
        let isQuiet = {
            let route = try admin.route()
            let waiting = (route["endpoints"] as? [NSDictionary])?.first?["waiting"] as? Int
            if route["endpoints_down"] as? Int == 1, waiting == 200 { return true }
            // It may not be asked more than fifty times a second.
            letPass(.milliseconds(20))
            return false
        }
        try eventually("all wait for it", isQuiet)
        try scene.redis.command("CONFIG", "RESETSTAT")
        for _ in 0..<3 {
            let sent = sick.ledger.count
            #expect(try admin.post("/api/v1/routes/orders/retry").status == 200)
            try sick.waitUntil { $0.count > sent }
            try eventually("all wait for it again", isQuiet)
        }
        // Each probe was fetched, which counts an attempt; and some that came by themselves.
        let lines = try #require(try scene.redis.command("INFO", "commandstats").text).split(
            whereSeparator: \.isNewline)
        let claims = lines.first { $0.hasPrefix("cmdstat_xclaim:calls=") }?.split { "=,".contains($0) }[1]
        #expect(try #require(claims.flatMap { Int($0) }) < 50)
    }

    @Test func `people's retry sends what waits for its next attempt`() throws {
        let isMended = Monitor(false)
        let receiver = try ScriptedReceiver { .answer($0.text == "1" && !isMended.value ? 503 : 200) }
        let scene = try scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.webhook["body"] = "{ field: n }"
        scene.file.route.retry(attempts: 5, every: "1h")
        for number in 0..<3 { try scene.redis.add([Field("url", receiver.url), Field("n", "\(number)")]) }
        let admin = try AdminProbe(try scene.run())
        try eventually("one of them waits, and not for its endpoint") {
            try admin.metric("endpoints_down") == 0 && scene.redis.unsettled() == 1
        }
        isMended.withLock { $0 = true }
        #expect(try admin.post("/api/v1/routes/orders/retry").status == 200)
        try scene.waitUntilSettled()
        #expect(receiver.ledger.acceptedBodies.sorted() == ["0", "1", "2"])
    }

    enum Interruption: CaseIterable { case lostConnections, crash, crashWhilePaused }

    /// All that is pending may be known already, so that nothing of it has to wait for room; and what waits for room needs
    /// somebody who makes it.
    @Test(arguments: Interruption.allCases)
    func `a route that is full goes on when it was interrupted`(by interruption: Interruption) throws {
        let isMended = Monitor(false)
        let sick = try ScriptedReceiver { _ in isMended.value ? .answer(200) : .answer(503) }
        let scene = try scene()
        // As many as one listing of what is pending has.
        scene.file.route.keys["max_parked"] = "1000"
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        for _ in 0..<1500 { try scene.redis.add([Field("url", sick.url)]) }
        var bridge = try scene.run()
        try bridge.waitForLog("as many entries wait as max_parked allows")
        switch interruption {
        case .lostConnections:
            try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            try eventually("connected again") { bridge.logs("connected to Redis").count == 2 }
        case .crash:
            try bridge.crash()
            // What is fetched makes room for some.
            scene.file.route.keys["max_parked"] = "100"
            bridge = try scene.run()
        case .crashWhilePaused:
            #expect(try AdminProbe(bridge).post("/api/v1/routes/orders/pause").status == 200)
            try bridge.crash()
            scene.file.route.keys["max_parked"] = "100"
            bridge = try scene.run()
            let admin = try AdminProbe(bridge)
            try eventually("paused") { try admin.state() == "paused" }
            #expect(try admin.post("/api/v1/routes/orders/resume").status == 200)
        }
        isMended.withLock { $0 = true }
        try scene.waitUntilSettled()
        #expect(sick.ledger.acceptedIDs.count == 1500)
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `one customer of a shared host is an endpoint if the route says so`() throws {
        let scene = try Scene { $0.path.hasSuffix("/3") ? .answer(401) : .answer(200) }
        scene.file.route.url = "\(scene.receiver.url)/\\(.fields.customer)"
        scene.file.route.webhook["endpoint"] = ".fields.customer"
        scene.file.route.retry(attempts: 2, every: "50ms")
        for number in 0..<400 { try scene.redis.add([Field("customer", "\(number % 8)")]) }
        let bridge = try scene.run()
        try eventually("the others have all") { scene.receiver.ledger.acceptedIDs.count == 350 }
        try eventually("it is told") { bridge.logs().contains { $0.message.hasPrefix("the endpoint refuses") } }
        #expect(bridge.logs().filter { $0.message.hasPrefix("the endpoint") }.map { $0.metadata["endpoint"] } == ["3"])
        // Nothing is given up by one that takes nothing, although its host takes everything else.
        try eventually("the others are settled") { try scene.redis.unsettled() ?? 0 <= 50 }
        let unsettled = try scene.redis.unsettled()
        #expect(unsettled == 50)
        #expect(scene.receiver.ledger.count { !$0.action.accepts } <= 25)
        #expect(try bridge.stop() == .status(0))
    }

    /// So many that the memory of the table goes back when they have left.
    @Test func `one that is down is looked after when others have taken all that waited for it`() throws {
        let scene = try scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.webhook["timeout"] = "900ms"
        scene.file.route.keys["claim_after"] = "2s"
        let count = 17_000
        let add = "for n = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'url', ARGV[2]) end"
        // Nobody listens there.
        try scene.redis.command("EVAL", add, "1", "orders", "\(count)", "http://127.0.0.1:1/")
        let first = try scene.run(as: "a")
        let admin = try AdminProbe(first)
        try eventually("all wait") { try admin.route()["waiting"] as? Int == count }
        first.signal(SIGSTOP)
        let other = try scene.run(as: "b")
        try eventually("all are the other's") {
            let counts = other.logs("took over entries of a silent consumer").compactMap { $0.metadata["count"] }
            return counts.compactMap { Int($0) }.reduce(0, +) == count
        }
        first.signal(SIGCONT)
        try eventually("nothing waits any more") { try admin.route()["waiting"] as? Int == 0 }
        // It looks for a probe, and finds that none of them is here.
        try eventually("nothing waits for the endpoint") {
            _ = try admin.post("/api/v1/routes/orders/retry")
            let endpoints = try admin.route()["endpoints"] as? [[String: Any]]
            return endpoints?.allSatisfy { $0["waiting"] as? Int == 0 } ?? false
        }
        try scene.redis.add([Field("url", scene.receiver.url)])
        try scene.receiver.waitFor(count: 1)
        #expect(try first.stop() == .status(0))
    }

    @Test func `killed and stopped while some are down, nothing is lost`() throws {
        let isMended = Monitor(false)
        let sick = try ScriptedReceiver { _ in isMended.value ? .answer(200) : .closeWithoutAnswer }
        let scene = try scene()
        scene.file.route.webhook["body"] = "{ field: n }"
        scene.file.route.keys["claim_after"] = "4s"
        for number in 0..<2000 {
            let receiver = number.isMultiple(of: 4) ? sick : scene.receiver
            try scene.redis.add([Field("url", receiver.url), Field("n", "\(number)")])
        }
        for round in 1...4 {
            let bridge = try scene.run()
            try scene.receiver.waitFor(count: 300 * round)
            if round.isMultiple(of: 2) { try bridge.crash() } else { #expect(try bridge.stop() == .status(0)) }
        }
        isMended.withLock { $0 = true }
        try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(30))
        let all = (sick.ledger + scene.receiver.ledger).acceptedBodies.compactMap(Int.init)
        #expect(Set(all) == Set(0..<2000))
        #expect(all.count - 2000 <= 2 * 64)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }
}
