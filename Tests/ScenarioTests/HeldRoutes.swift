import TestSupport
import Testing

@Suite(.serialized, .ownThreads) struct HeldRoutes {
    @Test func `a refused route keeps its entries, sends one to test the endpoint, and goes on when it is mended`()
        throws
    {
        let faults = ["moved": 302, "locked": 401, "missing": 404]
        let isMended = Gate()
        let scene = try Scene { request in
            let fault = faults.first { request.path.contains($0.key) }?.value ?? 500
            guard isMended.wait(timeout: .zero) else { return .answer(fault, headers: ["Location": "/elsewhere"]) }
            return .answerAfter(.milliseconds(300), 200)
        }
        scene.file.routes = faults.keys.map { name in
            var route = BridgeFile.Route(
                name: name, streams: [name], url: "\(scene.receiver.url)/\(name)/secret?key=secret")
            route.keys["concurrency"] = "2"
            return route
        }
        for name in faults.keys { try scene.redis.add(numbers: 0..<5, to: name) }
        let bridge = try scene.run()
        let held = "route held: its entries are kept, one at a time tests the endpoint"
        try eventually("all routes are held") { bridge.logs(held).count == 3 }
        // Two of each were on their way at once.
        try scene.receiver.waitFor(count: 6)
        isMended.open()
        // The first test comes five seconds later.
        let ledger = try scene.receiver.waitUntil(timeout: .seconds(15)) { $0.acceptedIDs.count >= 15 }
        for route in scene.file.routes { try scene.waitUntilSettled(route) }

        for (name, status) in faults {
            let requests = ledger.filter { $0.path == "/hooks/\(name)/secret?key=secret" }
            #expect(requests.map(\.action.accepts) == [false, false, true, true, true, true, true])
            // While the route is held, attempts do not count.
            #expect(Set(requests.attempts) == ["1"])
            try #require(requests.count == 7)
            #expect(requests[2].time - requests[0].time >= .milliseconds(4900))
            #expect(requests[3].time - requests[2].time >= .milliseconds(300))
            let lines = bridge.logs().filter { $0.metadata["route"] == name && $0.message.contains("route ") }
            #expect(lines.map(\.message) == [held, "route goes on"])
            #expect(lines[0].level == "error")
            #expect(lines[0].metadata["reason"] == "the receiver refuses this route (\(status))")
        }
        #expect(scene.receiver.ledger.count == 21)
        #expect(!bridge.errorOutput.contains("secret"))
        #expect(try scene.redis.command("KEYS", "*dead*") == [])
    }

    @Test func `an endpoint that is gone gets nothing until the bridge is started again`() throws {
        let isBack = Gate()
        let scene = try Scene { _ in isBack.wait(timeout: .zero) ? .answer(200) : .answer(410) }
        scene.file.route.keys["concurrency"] = "1"
        try scene.redis.add(numbers: 0..<3)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint is gone (410)")
        try scene.redis.add(numbers: 3..<5)
        isBack.open()
        #expect(try bridge.stop() == .status(0))
        #expect(scene.receiver.ledger.count == 1)
        #expect(bridge.logs().filter { $0.message.contains("410") }.count == 1)
        #expect(try scene.redis.unsettled() == 5)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead") == 0)
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 6)
        try scene.waitUntilSettled()
        #expect(Set(ledger.acceptedBodies) == Set((0..<5).map(body)))
        #expect(Set(ledger.attempts) == ["1"])
    }
}
