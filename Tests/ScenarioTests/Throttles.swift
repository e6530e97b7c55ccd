import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct Throttles {
    /// Lets so many requests through in each second, and none to save up.
    private struct Limit {
        var allowed = 1.0
        var filledAt = ContinuousClock.now

        mutating func lets(perSecond rate: Double) -> Bool {
            let now = ContinuousClock.now
            allowed = min(2, allowed + rate * ((now - filledAt) / .seconds(1)))
            filledAt = now
            guard allowed >= 1 else { return false }
            allowed -= 1
            return true
        }
    }

    /// Two routes to one endpoint, with two workers: together they keep the stricter limit.
    @Test func `no more requests start than the rate allows`() throws {
        let scene = try Scene { request in .answer(request.text == body(3) && request.earlier == 0 ? 503 : 200) }
        scene.file.workers = 2
        scene.file.routes = ["a", "b"].map { name in
            var route = BridgeFile.Route(name: name, streams: [name], url: scene.receiver.url)
            route.keys["rate"] = name == "a" ? "{ limit: 40/s, burst: 4 }" : "100/s"
            return route
        }
        for route in scene.file.routes { try scene.redis.add(numbers: 0..<40, to: route.name) }
        try scene.run()
        for route in scene.file.routes { try scene.waitUntilSettled(route, timeout: .seconds(20)) }
        let times = scene.receiver.ledger.map(\.time).sorted()
        #expect(times.count == 82)
        // 40 a second and four at once; some late ones may come with those behind them.
        for (index, time) in times.enumerated() {
            let soon = times[index...].prefix { $0 - time < .milliseconds(500) }
            #expect(soon.count <= 20 + 4 + 4)
        }
    }

    /// Two routes, one with Retry-After and one without, in one bridge.
    @Test func `a receiver that lets few through costs no attempt, and gets few in vain`() throws {
        let count = 120
        let limits = Monitor(["hinted": Limit(), "silent": Limit()])
        let scene = try Scene { request in
            let name = String(request.path.split(separator: "/").last ?? "")
            if limits.withLock({ $0[name]?.lets(perSecond: 20) == true }) { return .answer(200) }
            return .answer(429, headers: name == "hinted" ? ["Retry-After": "1"] : [:])
        }
        scene.file.routes = ["hinted", "silent"].map { name in
            var route = BridgeFile.Route(name: name, streams: [name], url: "\(scene.receiver.url)/\(name)")
            route.keys["concurrency"] = "16"
            route.retry(attempts: 2, every: "50ms")
            return route
        }
        for route in scene.file.routes { try scene.redis.add(numbers: 0..<count, to: route.name) }
        let bridge = try scene.run()
        for route in scene.file.routes { try scene.waitUntilSettled(route, timeout: .seconds(25)) }
        for (path, requests) in Dictionary(grouping: scene.receiver.ledger, by: \.path) {
            #expect(Set(requests.acceptedBodies) == Set((0..<count).map(body)), "\(path)")
            #expect(requests.duplicates == 0)
            // A fifth more, and those that were under way when the first was throttled.
            #expect(requests.count <= count * 12 / 10 + 16, "\(path): \(requests.count) requests")
        }
        #expect(try scene.redis.command("KEYS", "*dead*") == [])
        #expect(bridge.logs().filter { $0.message.contains("down") } == [])
    }
}
