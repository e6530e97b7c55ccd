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
        let letters = "\(try scene.redis.command("XRANGE", "{orders}:dead", "-", "+"))"
        #expect(letters.contains("no type of a CloudEvent"))
        #expect(scene.receiver.ledger.count == 1)
    }
}
