import Foundation
import TestSupport
import TestThreads
import Testing

/// Events of the real bridge, read by the Python SDK of CloudEvents.
@Suite(.serialized, .ownThreads) struct CloudEvents {
    private let keys = """
        { mode: MODE, type: { field: kind }, subject: { field: subject },
                     extensions: { tenant: { field: tenant }, region: "eu 1" } }
        """

    @Test(arguments: ["binary", "structured"])
    func `the SDK reads what stood in the entry, the same on every attempt`(mode: String) throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.webhook["cloudevents"] = keys.replacing("MODE", with: mode)
        try scene.run()
        let entry = try scene.redis.add([
            Field("kind", "order.created"), Field("subject", "Euro € 😀"), Field("tenant", "a\r\nX-Evil: \"%41\""),
        ])
        let requests = Array(try scene.receiver.waitFor(count: 2))
        let events = try WebhookPeer.cloudevents.judge(requests).map { $0["value"] as? NSDictionary }
        let expected: NSDictionary = [
            "attributes": [
                "specversion": "1.0", "id": requests[0].id ?? "", "source": "/streams/orders", "type": "order.created",
                "subject": "Euro € 😀", "tenant": "a\r\nX-Evil: \"%41\"", "region": "eu 1",
                "time": String(entry.prefix { $0 != "-" }), "datacontenttype": "application/json",
            ],
            "data": ["kind": "order.created", "subject": "Euro € 😀", "tenant": "a\r\nX-Evil: \"%41\""],
        ]
        #expect(events == [expected, expected])
        #expect(requests.allSatisfy { $0["x-evil"] == nil })
        #expect((requests[0]["ce-id"] != nil) == (mode == "binary"))
        try scene.waitUntilSettled()
    }

    @Test(arguments: ["binary", "structured", "batch"])
    func `attributes are made from the entry`(mode: String) throws {
        let scene = try Scene()
        scene.file.route.keys["data_field"] = "d"
        scene.file.route.webhook["cloudevents"] = #"""
            { mode: MODE, id: '\(.data.id)', type: 'shop.\(.data.kind)', source: '/shops/\(.fields.shop)', time: '\(.data.at)',
                         subject: '\(.fields.subject // "")', extensions: { customer: 'c-\(.data.customer)' } }
            """#.replacing("MODE", with: mode)
        try scene.run()
        func add(_ id: Int, _ kind: String, shop: String = "7", at: String = "2026-01-02T03:04:05Z") throws {
            let data = #"{"id":\#(id),"kind":"\#(kind)","at":"\#(at)","customer":5}"#
            try scene.redis.add([Field("d", data), Field("shop", shop)])
        }
        try add(1, "paid")
        try add(2, "sent", shop: "a b")
        try add(3, "sent", at: "now")
        try add(4, "sent €")
        try scene.waitUntilSettled()
        let answers = try WebhookPeer.cloudevents.judge(scene.receiver.ledger)
        let events = answers.flatMap { answer -> [NSDictionary] in
            (answer["value"] as? [NSDictionary]) ?? [answer["value"] as? NSDictionary].compactMap(\.self)
        }
        let attributes = events.compactMap { $0["attributes"] as? [String: String] }
        #expect(Set(attributes.compactMap { $0["id"] }) == ["1", "4"])
        let first = attributes.first { $0["id"] == "1" } ?? [:]
        #expect(first["type"] == "shop.paid" && first["source"] == "/shops/7" && first["customer"] == "c-5")
        #expect(first["time"] == "1767323045000" && first["subject"] == nil)
        #expect(attributes.first { $0["id"] == "4" }?["type"] == "shop.sent €")
        let reasons = try scene.redis.entries("{orders}:dead:orders").map { "\($0)" }
        #expect(reasons.count == 2)
        #expect(reasons.contains { $0.contains("unshapeable: webhook.cloudevents.source: is no URI") })
        #expect(reasons.contains { $0.contains("unshapeable: webhook.cloudevents.time: is no time") })
    }

    // MARK: - Handshake

    private func handshake(_ answer: @escaping @Sendable (ReceivedRequest) -> ReceiverAction) throws -> Scene {
        let scene = try Scene { $0.method == "OPTIONS" ? answer($0) : .answer(200) }
        scene.file.route.webhook["cloudevents"] = "{ handshake: events.example.com }"
        scene.file.route.webhook["headers"] = "{ Authorization: Bearer x }"
        return scene
    }

    @Test func `a receiver is asked once, and what it allows is the pace`() throws {
        let scene = try handshake { _ in
            .answer(200, headers: ["WebHook-Allowed-Origin": "events.example.com", "WebHook-Allowed-Rate": "1200"])
        }
        scene.file.route.keys["rate"] = "100/s"
        try scene.redis.add(numbers: 0..<40)
        try scene.run()
        try scene.waitUntilSettled()
        let ledger = scene.receiver.ledger
        #expect(ledger.map(\.method) == ["OPTIONS"] + Array(repeating: "POST", count: 40))
        #expect(ledger[0]["webhook-request-origin"] == "events.example.com")
        #expect(ledger[0]["webhook-request-rate"] == "6000" && ledger[0]["authorization"] == "Bearer x")
        #expect(
            ledger[0]["webhook-id"] == nil && ledger[0]["content-type"] == nil && ledger[0]["ce-specversion"] == nil)
        #expect(ledger[0].body.isEmpty)
        // 20 a second.
        #expect(ledger[40].time - ledger[1].time >= .milliseconds(1800))
        #expect(Set(Array(ledger.dropFirst()).attempts) == ["1"])
    }

    @Test(arguments: ["false", "array"]) func `without permission nothing is sent, and nothing given up`(batch: String)
        throws
    {
        let isAllowed = Monitor(false)
        let scene = try handshake { _ in
            isAllowed.value ? .answer(204, headers: ["WebHook-Allowed-Origin": "*"]) : .answer(405)
        }
        scene.file.route.webhook["batch"] = batch
        scene.file.route.webhook["cloudevents"] =
            "{ mode: \(batch == "array" ? "batch" : "binary"), handshake: e.example }"
        scene.file.route.retry(attempts: 1, every: "50ms")
        try scene.redis.add(numbers: 0..<20)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 2, timeout: .seconds(20))
        try bridge.waitForLog("the endpoint is down")
        #expect(bridge.errorOutput.contains("no permission: the handshake is answered 405"))
        #expect(scene.receiver.ledger.allSatisfy { $0.method == "OPTIONS" })
        isAllowed.withLock { $0 = true }
        try scene.waitUntilSettled(timeout: .seconds(30))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
        #expect(scene.receiver.ledger.contains { $0.method == "POST" })
    }

    @Test func `permission that is withdrawn is asked for again`() throws {
        let scene = try Scene { request in
            if request.method == "OPTIONS" { return .answer(200, headers: ["WebHook-Allowed-Origin": "*"]) }
            return request["webhook-attempt"] == "1" && request.text.contains("\"3\"") ? .answer(403) : .answer(200)
        }
        scene.file.route.webhook["cloudevents"] = "{ handshake: e.example }"
        scene.file.route.keys["concurrency"] = "1"
        scene.file.route.retry(attempts: 3, every: "50ms")
        try scene.redis.add(numbers: 0..<10)
        try scene.run()
        try scene.waitUntilSettled()
        #expect(scene.receiver.ledger.filter { $0.method == "OPTIONS" }.count == 2)
    }

    /// Each of them is repeated at once, the second one while the receiver is asked for the first.
    @Test func `requests that are refused while permission is asked for again wait for the same answer`() throws {
        let (areWarm, areSent, isAsked, areRefused) = (Gate(), Gate(), Gate(), Gate())
        let scene = try Scene { request in
            if request.method == "OPTIONS" {
                if areSent.isOpen {
                    isAsked.open()
                    _ = areRefused.wait()
                }
                return .answer(200, headers: ["WebHook-Allowed-Origin": "*"])
            }
            switch request.text {
            case body(1), body(2): return .answerWhenOpen(areWarm, 200)
            case body(3) where request.earlier == 0: return .answerWhenOpen(areSent, 405)
            case body(4) where request.earlier == 0:
                areSent.open()
                return .answerWhenOpen(isAsked, 405)
            default: return .answer(200)
            }
        }
        scene.file.route.webhook["cloudevents"] = "{ handshake: e.example }"
        scene.file.route.keys["concurrency"] = "2"
        scene.file.log["deliveries"] = "100%"
        let bridge = try scene.run()
        try scene.redis.add(numbers: [0])
        try scene.waitUntilSettled()
        // Two connections that are kept.
        try scene.redis.add(numbers: 1..<3)
        try scene.receiver.waitFor(count: 4)
        areWarm.open()
        try scene.waitUntilSettled()
        try scene.redis.add(numbers: 3..<5)
        try eventually("both are refused") {
            bridge.exit != nil || bridge.logs("attempt made").count { $0.metadata["status"] == "405" } == 2
        }
        areRefused.open()
        #expect(bridge.exit == nil)
        try scene.waitUntilSettled()
        let ledger = scene.receiver.ledger
        #expect(ledger.count { $0.method == "OPTIONS" } == 2)
        #expect(ledger.filter { $0.method == "POST" }.attempts == ["1", "1", "1", "1", "1", "2", "2"])
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `the SDK reads bytes and text that are no JSON`() throws {
        let scene = try Scene()
        scene.file.route.webhook["cloudevents"] = "structured"
        scene.file.route.webhook["body"] = "{ field: data }"
        scene.file.route.webhook["content_type"] = "application/octet-stream"
        var text = scene.file.route
        text.name = "text"
        text.webhook["content_type"] = "text/plain"
        scene.file.routes.append(text)
        try scene.run()
        try scene.redis.add([Field("data", "é\u{0}")])
        let requests = Array(try scene.receiver.waitFor(count: 2))
        let data = try WebhookPeer.cloudevents.judge(requests).map {
            ($0["value"] as? NSDictionary)?["data"] as? String
        }
        // The bytes of é, as Latin-1, and the text.
        #expect(Set(data) == ["Ã©\u{0}", "é\u{0}"])
    }

    @Test func `an entry that makes no event goes to the dead letters, with the reason`() throws {
        let scene = try Scene()
        scene.file.route.webhook["cloudevents"] = "{ type: { field: kind } }"
        try scene.run()
        try scene.redis.add([Field("n", "1")])
        try scene.redis.add([Field("kind", "a")])
        #expect(try scene.receiver.waitFor(count: 1).map { $0["ce-type"] } == ["a"])
        try scene.waitUntilSettled()
        let letters = "\(try scene.redis.command("XRANGE", "{orders}:dead:orders", "-", "+"))"
        #expect(letters.contains("no type of a CloudEvent"))
        #expect(scene.receiver.ledger.count == 1)
    }
}
