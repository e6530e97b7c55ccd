import TestSupport
import TestThreads
import Testing

/// Among entries that are accepted, one that is refused has only itself to blame.
@Suite(.serialized, .ownThreads) struct FaultsOfEntries {
    private let bad = 20
    private let count = 200
    private static let statuses = [302, 400, 403, 404, 410, 500]

    /// One route for each status, all in one bridge.
    @Test func `an entry that is always refused is given up by its schedule, and holds up nobody`() throws {
        let bad = body(bad)
        let scene = try Scene { request in
            guard request.text == bad else { return .answerAfter(.milliseconds(5), 200) }
            return .answerAfter(.milliseconds(60), Int(request.path.split(separator: "/").last ?? "") ?? 0)
        }
        scene.file.routes = Self.statuses.map { status in
            var route = BridgeFile.Route(
                name: "r\(status)", streams: ["s\(status)"], url: "\(scene.receiver.url)/\(status)")
            route.keys["concurrency"] = "8"
            route.retry(attempts: 3, every: "1500ms")
            return route
        }
        for status in Self.statuses { try scene.redis.add(numbers: 0..<count, to: "s\(status)") }
        let bridge = try scene.run()
        for route in scene.file.routes { try scene.waitUntilSettled(route, timeout: .seconds(15)) }
        for (status, requests) in Dictionary(grouping: scene.receiver.ledger, by: { Int($0.path.suffix(3)) ?? 0 }) {
            let refused = requests.filter { $0.text == bad }
            let others = requests.filter { $0.text != bad }
            #expect(others.count == count - 1 && others.acceptedIDs.count == count - 1, "\(status)")
            // The message is refused: once more, on a fresh connection. The route is: by the schedule.
            let attempts = status == 400 ? ["1", "2"] : ["1", "2", "3"]
            #expect(refused.attempts == attempts, "\(status)")
            if status == 400 {
                #expect(Set(refused.map(\.connection)).count == 2)
            } else {
                #expect(refused.gaps.allSatisfy { $0 >= .milliseconds(1490) }, "\(status)")
                #expect(others.allSatisfy { $0.time < refused[2].time }, "\(status)")
            }
            let letters = try scene.redis.entries("{s\(status)}:dead:r\(status)")
            try #require(letters.count == 1, "\(status)")
            let reason = status == 400 ? "rejected" : "exhausted"
            #expect(
                letters[0].prefix(3) == [
                    Field("reason", "\(reason): http_\(status)"), Field("status", "\(status)"),
                    Field("attempts", "\(attempts.count)"),
                ])
            #expect(letters[0].last == Field("field.n", "\(self.bad)"))
        }
        // Nobody takes such an endpoint for down.
        #expect(bridge.logs().filter { $0.message.hasPrefix("endpoint") || $0.message.hasPrefix("the endpoint") } == [])
    }

    @Test(arguments: [2, 5])
    func `a receiver that fails at random is not taken for down`(tenths: Int) throws {
        let count = 400
        let scene = try Scene { request in
            let number = Int(request.text.filter(\.isNumber)) ?? 0
            return scattered(number, request.earlier) % 10 < tenths
                ? .answerAfter(.milliseconds(3), 503) : .answerAfter(.milliseconds(3), 200)
        }
        scene.file.route.keys["concurrency"] = "16"
        scene.file.route.retry(attempts: 50, every: "100ms")
        try scene.redis.add(numbers: 0..<count)
        let bridge = try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(15))
        let ledger = scene.receiver.ledger
        #expect(Set(ledger.acceptedBodies) == Set((0..<count).map(body)))
        #expect(ledger.duplicates == 0)
        for requests in ledger.byID.values { #expect(requests.attempts == (1...requests.count).map(String.init)) }
        #expect(bridge.logs().filter { $0.message.contains("down") } == [])
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `a kept connection that ends before any answer is made again at once, as an attempt of its own`() throws
    {
        let scene = try Scene { $0.text == body(2) && $0.earlier == 0 ? .closeWithoutAnswer : .answer(200) }
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.level = "debug"
        scene.file.route.keys["concurrency"] = "1"
        // Not by the schedule, which would take longer than the scenario waits.
        scene.file.route.retry(attempts: 5, every: "1h")
        try scene.redis.add(numbers: 1...3)
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.receiver.waitFor(count: 4)
        try scene.waitUntilSettled()
        let ledger = scene.receiver.ledger
        #expect(ledger.map(\.text) == [1, 2, 2, 3].map(body))
        #expect(ledger.attempts == ["1", "1", "2", "1"])
        #expect(ledger.map(\.connection) == [0, 0, 1, 1])
        #expect(try admin.metric("attempts_retried_total") == 1)
        #expect(bridge.logs("attempt made").map { $0.metadata["attempt"] } == ["1", "1", "2", "1"])
    }
}

/// The finalizer of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): numbers that look random, and are the same in
/// each run.
private func scattered(_ first: Int, _ second: Int) -> Int {
    var mixed = UInt64(first << 16 | second) &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ mixed >> 31) >> 1)
}
