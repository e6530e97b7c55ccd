import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct FanOut {
    private func route(_ name: String, _ stream: String = "orders", _ destination: String? = nil) -> BridgeFile.Route {
        var route = BridgeFile.Route()
        (route.name, route.streams, route.destination) = (name, [stream], destination)
        return route
    }

    @Test func `of several routes on one stream one hangs, and the others go on`() throws {
        let gate = Gate()
        let scene = try Scene { $0.path == "/hang" ? .answerWhenOpen(gate, 200) : .answer(200) }
        let base = "http://127.0.0.1:\(scene.receiver.port)"
        var hangs = route("hangs")
        hangs.url = "\(base)/hang"
        hangs.webhook["timeout"] = "30s"
        hangs.keys["claim_after"] = "60s"
        hangs.keys["concurrency"] = "8"
        var hooks = route("hooks")
        hooks.url = "\(base)/hooks"
        let appends = route("appends", "orders", "append: { stream: copy }")
        let publishes = route("publishes", "orders", "publish: { channel: c }")
        scene.file.routes = [hangs, hooks, appends, publishes]
        try scene.run()
        try scene.redis.add(numbers: 0..<2000)
        for route in [hooks, appends, publishes] { try scene.waitUntilSettled(route) }
        #expect(try scene.redis.unsettled("orders", "hangs") == 2000)
        #expect(scene.receiver.ledger.filter { $0.path == "/hooks" }.acceptedIDs.count == 2000)
        #expect(try scene.redis.command("XLEN", "copy") == 2000)
        gate.open()
        try scene.waitUntilSettled(hangs)
    }

    @Test func `a chain leads from streams over a stream to a webhook`() throws {
        let scene = try Scene()
        var collect = route("collect", "orders", "append: { stream: invoices, fields: { number: n } }")
        collect.streams = ["orders", "refunds"]
        var deliver = route("deliver", "invoices")
        deliver.url = scene.receiver.url
        scene.file.routes = [collect, deliver]
        try scene.redis.add(numbers: 0..<300)
        try scene.redis.add(numbers: 300..<600, to: "refunds")
        try scene.run()
        try scene.receiver.waitFor(count: 600)
        for route in scene.file.routes { try scene.waitUntilSettled(route) }
        #expect(Set(scene.receiver.ledger.acceptedBodies) == Set((0..<600).map { "{\"number\":\"\($0)\"}" }))
        #expect(scene.receiver.ledger.count == 600)
    }

    @Test func `dead letters are told by a route that reads them, and its own do not go round`() throws {
        let scene = try Scene { request in
            if request.path == "/alarms" {
                return request.text.contains("\"field.n\":\"7\"") ? .answer(400) : .answer(200)
            }
            return request.text.hasSuffix("7\"}") ? .answer(422) : .answer(200)
        }
        let base = "http://127.0.0.1:\(scene.receiver.port)"
        var (orders, alarm) = (route("orders"), route("alarm", "{orders}:dead:orders"))
        (orders.url, alarm.url) = ("\(base)/orders", "\(base)/alarms")
        scene.file.routes = [orders, alarm]
        func requests(_ path: String) -> Int { scene.receiver.ledger.count { $0.path == path } }
        try scene.redis.add(numbers: 0..<40)
        try scene.run()
        // Each refused entry is given up when another was accepted after it.
        try eventually("all are sent, four of them twice") { requests("/orders") >= 44 }
        try scene.redis.add(numbers: 40..<46)
        try scene.waitUntilSettled(orders)
        try eventually("letters are sent") { requests("/alarms") >= 4 }
        try scene.redis.add(numbers: [47])
        try eventually("it is refused twice") { requests("/orders") >= 52 }
        try scene.redis.add(numbers: [48])
        try scene.waitUntilSettled(orders)
        try eventually("the letter of a letter") {
            try scene.redis.entries("{orders}:dead:orders:dead:alarm").count == 1
        }
        try scene.waitUntilSettled(alarm)
        #expect(try scene.redis.entries("{orders}:dead:orders").count == 5)
        let told = scene.receiver.ledger.filter { $0.path == "/alarms" }.acceptedBodies
        #expect(told.count == 4)
        #expect(told.allSatisfy { $0.hasPrefix("{\"reason\":\"rejected: http_422\",\"status\":\"422\"") })
        let twice = try scene.redis.entries("{orders}:dead:orders:dead:alarm")[0]
        #expect(twice.contains(Field("stream", "{orders}:dead:orders")) && twice.contains(Field("field.field.n", "7")))
        #expect(
            try scene.redis.command(
                "EXISTS", "{orders}:dead:orders:dead:alarm:dead:alarm", "{{orders}:dead:orders}:dead:alarm") == 0)
    }
}
