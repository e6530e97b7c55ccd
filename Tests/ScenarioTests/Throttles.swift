import Foundation
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

    /// It works on four requests at a time, 20 ms each: two routes to it get no more in flight than it takes, and both get on.
    @Test func `with concurrency auto a receiver gets as many requests as it works on, from all routes together`()
        throws
    {
        struct Load {
            var waiting = 0, working = 0, most = 0
        }
        let load = Monitor(Load())
        let scene = try Scene { _ in
            load.withLock {
                $0.waiting += 1
                $0.most = max($0.most, $0.waiting)
            }
            _ = load.wait(timeout: .seconds(30)) { $0.working < 4 }
            load.withLock { $0.working += 1 }
            letPass(.milliseconds(20))
            load.withLock {
                $0.working -= 1
                $0.waiting -= 1
            }
            return .answer(200)
        }
        let count = 300
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.routes = ["a", "b"].map { name in
            var route = BridgeFile.Route(name: name, streams: [name], url: scene.receiver.url)
            route.keys["concurrency"] = name == "a" ? "auto" : "{ max: 100 }"
            return route
        }
        for route in scene.file.routes { try scene.redis.add(numbers: 0..<count, to: route.name) }
        let admin = try AdminProbe(try scene.run())
        for route in scene.file.routes { try scene.waitUntilSettled(route, timeout: .seconds(30)) }
        let ledger = scene.receiver.ledger
        #expect(ledger.count == 2 * count)
        let most = load.withLock(\.most)
        #expect((4...24).contains(most), "in flight: \(most)")
        let limits = try admin.metrics().filter { $0.key.hasPrefix("footbridge_concurrency_limit") }.map(\.value)
        #expect(limits.count == 2 && limits.allSatisfy { (3...24).contains($0) }, "\(limits)")
        // Neither waits until the other has done.
        let half = Dictionary(grouping: ledger.prefix(count)) { $0.id?.split(separator: "_").dropFirst().first }
        #expect(half.count == 2 && half.values.allSatisfy { $0.count > count / 5 }, "\(half.mapValues(\.count))")
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
            // A quarter more, and those that were under way when the first was throttled. A busy machine is late with some.
            #expect(requests.count <= count * 5 / 4 + 16, "\(path): \(requests.count) requests")
        }
        #expect(try scene.redis.command("KEYS", "*dead*") == [])
        #expect(bridge.logs().filter { $0.message.contains("down") } == [])
    }
}
