import TestSupport
import TestThreads
import Testing

/// `rate: { scope: cluster }`: instances that share a Redis share the rate.
@Suite(.serialized, .ownThreads) struct Rates {
    private static let limit = 100.0
    private static let burst = 5

    private func scene() throws -> Scene {
        let scene = try Scene()
        scene.file.route.keys["rate"] = "{ limit: 100/s, burst: \(Self.burst), scope: cluster }"
        return scene
    }

    @Test(arguments: [true, false])
    func `two bridges together keep the rate, and use most of it`(isOneStream: Bool) throws {
        let count = 400
        let scene = try scene()
        let routes = ["a", "b"].map { name in
            var route = scene.file.route
            if !isOneStream { (route.name, route.streams) = (name, [name]) }
            return route
        }
        for (instance, route) in zip(["first", "second"], routes) {
            (scene.file.instance, scene.file.route) = (instance, route)
            try scene.run()
        }
        for (number, route) in routes.enumerated() {
            try scene.redis.add(numbers: number * count / 2..<(number + 1) * count / 2, to: route.streams[0])
        }
        for route in routes { try scene.waitUntilSettled(route, timeout: .seconds(20)) }

        let ledger = scene.receiver.ledger
        #expect(Set(ledger.acceptedBodies) == Set((0..<count).map(body)) && ledger.count == count)
        let times = ledger.map(\.time).sorted()
        let seconds = (times[count - 1] - times[0]) / .seconds(1)
        // The first token had been given before its request arrived, and each is good for 100 ms.
        #expect(Double(count) <= Self.limit * (seconds + 0.1) + Double(Self.burst) + 2, "\(count) in \(seconds) s")
        // Half of it would be a share that one leaves to the other; a busy machine takes a tenth or two.
        #expect(Double(count) >= 0.7 * Self.limit * seconds, "\(count) in \(seconds) s")
        // At any time, too, but for those that come late: of the last 100 ms, and what a busy machine holds up.
        let inOneSecond = times.indices.map { first in times[first...].prefix { $0 - times[first] < .seconds(1) }.count
        }
        #expect(inOneSecond.max() ?? 0 <= 100 + Self.burst + 10 + 10)
        if !isOneStream {
            let streams = Set(ledger.prefix(count / 2).map { $0.id?.split(separator: "_").dropFirst().first })
            #expect(streams.count == 2, "both get on")
        }
        // One key, which goes by itself.
        let keys = try scene.redis.command("KEYS", "footbridge:rate:*").elements.compactMap(\.text)
        #expect(keys.count <= 1)
        try eventually("the key has gone") { try scene.redis.command("KEYS", "footbridge:rate:*") == [] }
    }

    @Test func `while Redis refuses tokens entries wait, which is said once, and go on when it gives some`() throws {
        let scene = try scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        try scene.useUser()
        let refusal = Refusal.mayNot("time", says: "Redis gives no tokens of the shared rate: requests wait")
        try refusal.begin(scene)
        try scene.redis.add(numbers: 0..<20)
        let bridge = try scene.run()
        try bridge.waitForLog(refusal.says)
        let readiness = try AdminProbe(bridge).get("/readyz")
        #expect(readiness.status == 200 && readiness.body.contains(#""state":"failing""#), "\(readiness)")
        #expect(readiness.body.contains("Redis gives no tokens of the shared rate: ERR The user"), "\(readiness)")
        // It asks a second time, and says nothing new.
        let before = try scene.redis.commandsReceived()
        try eventually("it asks again") { try scene.redis.commandsReceived() > before + 5 }
        #expect(scene.receiver.ledger.isEmpty)
        #expect(bridge.logs(refusal.says).map(\.level) == ["error"])
        try refusal.end(scene)
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.count == 20)
        #expect(bridge.logs("the shared rate gives tokens again").count == 1)
    }

    @Test func `without Redis nothing starts, and nothing is lost`() throws {
        let scene = try scene()
        scene.file.route.keys["rate"] = "{ limit: 20/s, scope: cluster }"
        try scene.redis.add(numbers: 0..<60)
        try scene.run()
        try scene.receiver.waitFor(count: 5)
        try scene.redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        try scene.redis.command("SCRIPT", "FLUSH")
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<60).map(body)))
    }

    @Test func `each of many endpoints has a rate of its own, which two bridges share`() throws {
        let scene = try Scene()
        scene.file.route.url = "\(scene.receiver.url)/\\(.fields.customer)"
        scene.file.route.webhook["endpoint"] = ".fields.customer"
        scene.file.route.webhook["body"] = "{ field: n }"
        scene.file.route.keys["rate"] = "{ limit: 25/s, burst: 2, scope: cluster }"
        for instance in ["a", "b"] { _ = try scene.run(as: instance) }
        for number in 0..<200 {
            try scene.redis.add([Field("n", "\(number)"), Field("customer", "\(number % 4)")])
        }
        try scene.waitUntilSettled(timeout: .seconds(20))
        let ledger = scene.receiver.ledger
        #expect(Set(ledger.acceptedBodies.compactMap { Int($0) }) == Set(0..<200) && ledger.count == 200)
        for customer in 0..<4 {
            let times = ledger.filter { $0.path.hasSuffix("/\(customer)") }.map(\.time).sorted()
            let seconds = (times[49] - times[0]) / .seconds(1)
            #expect(50 <= 25 * (seconds + 0.1) + 2 + 2, "50 in \(seconds) s")
            #expect(50 >= 0.7 * 25 * seconds, "50 in \(seconds) s")
        }
        let instances = Set(ledger.prefix(100).map(\.connection)).count
        #expect(instances > 1)
    }

    /// The endpoint is down and its queue is empty: a probe needs a token, too.
    @Test func `probes get their tokens`() throws {
        let isMended = Gate()
        let scene = try Scene { _ in .answer(isMended.wait(timeout: .zero) ? 200 : 404) }
        scene.file.route.keys["rate"] = "{ limit: 50/s, scope: cluster }"
        try scene.redis.add(numbers: 0..<10)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint refuses everything")
        let count = scene.receiver.ledger.count
        try scene.receiver.waitFor(count: count + 1)
        isMended.open()
        try scene.waitUntilSettled(timeout: .seconds(20))
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<10).map(body)))
    }
}
