import FootbridgeWebhooks
import Foundation
import RedisStreams
import Testing

@testable import Footbridge
@testable import FootbridgeCurl

/// Requests that are events, and the headers for which a route asks beside those that all have.
struct EventRequestTests {
    private static let id = "msg_1c168adb00d208e4_1772442927250-3"

    private func write(
        _ fields: EntryFields, milliseconds: UInt64 = 1_772_442_927_250, namespace: String? = nil,
        streams: [String] = ["orders"], _ change: (inout WebhookConfig) -> Void
    ) throws -> (headers: [String: String], body: String) {
        var webhook = WebhookConfig(url: "https://example.com/hooks")
        change(&webhook)
        let route = RouteConfig(name: "shop", streams: streams, group: "shop", destination: .webhook(webhook))
        var writer = try RequestWriter(route, namespace: namespace)
        let id = EntryID(milliseconds: milliseconds, sequence: 3)
        var headers: [String: String] = [:]
        var body = ""
        // Twice: what is kept from one entry to the next must not show.
        for _ in 0..<2 {
            try writer.write(
                Delivery(row: try anyRow(), key: EntryKey(stream: 0, id: id), fields: fields, attempt: 1),
                timestamp: 1_772_442_930)
            let lines = writer.buffer.headers.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            headers = Dictionary(
                uniqueKeysWithValues: (RequestWriter.fixedHeaders(webhook) + lines).map { line in
                    let parts = line.split(separator: ": ", maxSplits: 1, omittingEmptySubsequences: false)
                    return (String(parts[0]).lowercased(), String(parts[1]))
                })
            body = String(decoding: writer.buffer.body, as: UTF8.self)
            #expect(writer.buffer.isValid)
        }
        return (headers, body)
    }

    private func event(
        _ fields: EntryFields, milliseconds: UInt64 = 1_772_442_927_250, namespace: String? = nil,
        streams: [String] = ["orders"], _ config: CloudEventsConfig = CloudEventsConfig()
    ) throws -> [String: String] {
        let written = try write(fields, milliseconds: milliseconds, namespace: namespace, streams: streams) {
            $0.cloudEvents = config
        }
        return written.headers.filter { $0.key.hasPrefix("ce-") }
    }

    // MARK: - CloudEvents in headers

    @Test func `without any key the attributes come from the entry`() throws {
        let written = try write(EntryFields(["type": "order.created", "n": "1"])) { $0.cloudEvents = .init() }
        #expect(
            written.headers.filter { $0.key.hasPrefix("ce-") } == [
                "ce-specversion": "1.0", "ce-id": Self.id, "ce-source": "/streams/orders", "ce-type": "order.created",
                "ce-time": "2026-03-02T09:15:27.250Z",
            ])
        #expect(written.headers["content-type"] == "application/json")
        #expect(written.body == #"{"type":"order.created","n":"1"}"#)
    }

    @Test(arguments: [EntryFields(["n": "1"]), EntryFields(["type": ""])])
    func `an entry without a type gets the usual one`(fields: EntryFields) throws {
        #expect(try event(fields)["ce-type"] == "redis.stream.entry")
    }

    /// A stream's name may hold anything; percent signs of the path are encoded once more for the header.
    @Test(arguments: [
        ("{eu}:orders", nil, "/streams/%257Beu%257D%253Aorders"),
        ("a\r\nX: 1", nil, "/streams/a%250D%250AX%253A%25201"),
        ("orders", "shop-berlin", "/shop-berlin/streams/orders"),
    ])
    func `the source names the stream`(stream: String, namespace: String?, expected: String) throws {
        #expect(try event(EntryFields([:]), namespace: namespace, streams: [stream])["ce-source"] == expected)
    }

    @Test(arguments: [3, 1_000, 99_999_999_999_999] as [UInt64])
    func `an id that is no time gives none`(milliseconds: UInt64) throws {
        #expect(try event(EntryFields([:]), milliseconds: milliseconds)["ce-time"] == nil)
    }

    /// The value of the subject is the vector of the HTTP binding 1.0.2 §3.1.3.2.
    @Test func `text and fields give every attribute`() throws {
        let config = CloudEventsConfig(
            id: .field("n"), source: .literal("https://example.com/a%20b"), type: .field("kind"),
            subject: .field("subject"), dataSchema: .literal("/schema"), time: .field("at"),
            extensions: [.init(name: "tenant", value: .field("t")), .init(name: "region", value: .literal("eu 1"))])
        let fields = EntryFields([
            "n": "7", "kind": "a\r\nX-Evil: 1", "subject": "Euro € 😀", "at": "2024-02-29T00:00:00+01:00", "t": "x",
        ])
        #expect(
            try event(fields, config) == [
                "ce-specversion": "1.0", "ce-id": "7", "ce-source": "https://example.com/a%2520b",
                "ce-type": "a%0D%0AX-Evil:%201", "ce-subject": "Euro%20%E2%82%AC%20%F0%9F%98%80",
                "ce-dataschema": "/schema", "ce-time": "2024-02-29T00:00:00+01:00", "ce-tenant": "x",
                "ce-region": "eu%201",
            ])
    }

    @Test func `an attribute that may be missing is left out with its field`() throws {
        let config = CloudEventsConfig(
            subject: .field("s"), time: .field("at"), extensions: [.init(name: "tenant", value: .field("t"))])
        #expect(
            Set(try event(EntryFields(["t": ""]), config).keys) == ["ce-specversion", "ce-id", "ce-source", "ce-type"])
    }

    @Test(arguments: [
        (CloudEventsConfig(type: .field("a")), #"no field "a": no type of a CloudEvent"#),
        (CloudEventsConfig(id: .field("empty")), #"the field "empty" is empty: no id of a CloudEvent"#),
        (CloudEventsConfig(source: .field("space")), #"the field "space" is no URI: no source of a CloudEvent"#),
        (
            CloudEventsConfig(time: .field("space")),
            #"the field "space" is no time as RFC 3339 writes it (2024-01-31T10:00:00Z): no time of a CloudEvent"#
        ),
        (CloudEventsConfig(subject: .field("binary")), #"the field "binary" is not UTF-8: no subject of a CloudEvent"#),
    ])
    func `what makes no event is said`(config: CloudEventsConfig, expected: String) throws {
        let pairs: [EntryFields.Element] = [
            (Array("empty".utf8)[...], []), (Array("space".utf8)[...], Array("a b".utf8)[...]),
            (Array("binary".utf8)[...], [0xFF]),
        ]
        for mode in CloudEventsConfig.Mode.allCases {
            var config = config
            config.mode = mode
            let error = #expect(throws: UnmakeableRequest.self) { try event(EntryFields(pairs), config) }
            #expect(error?.description == expected)
        }
    }

    // MARK: - CloudEvents as objects

    private func object(
        _ value: [UInt8], _ contentType: String, _ config: CloudEventsConfig = CloudEventsConfig(mode: .structured)
    ) throws -> String {
        let pairs: [EntryFields.Element] = [(Array("data".utf8)[...], value[...])]
        let written = try write(EntryFields(pairs)) {
            $0.cloudEvents = config
            $0.body = .field("data")
            $0.contentType = contentType
        }
        #expect(written.headers["content-type"] == "application/cloudevents+json; charset=UTF-8")
        #expect(!written.headers.keys.contains { $0.hasPrefix("ce-") })
        return written.body
    }

    private let head =
        #"{"specversion":"1.0","datacontenttype":"TYPE","id":"msg_1c168adb00d208e4_1772442927250-3","#
        + #""source":"/streams/orders","type":"redis.stream.entry","time":"2026-03-02T09:15:27.250Z","#

    @Test func `all fields stand in an object as JSON`() throws {
        let written = try write(EntryFields(["a": "b\"c"])) { $0.cloudEvents = .init(mode: .structured) }
        #expect(written.body == head.replacing("TYPE", with: "application/json") + #""data":{"a":"b\"c"}}"#)
    }

    @Test(
        arguments: [
            ("application/json", Array(#" {"n":[1]} "#.utf8), #""data": {"n":[1]} }"#),
            ("application/vnd.shop+json; charset=utf-8", Array("null".utf8), #""data":null}"#),
            ("application/json", Array("{".utf8), #""data_base64":"ew=="}"#),
            ("application/json", [], #""data_base64":""}"#),
            ("text/plain", Array("a\n\"b".utf8), #""data":"a\n\"b"}"#),
            ("text/plain", [0xFF, 0], #""data_base64":"/wA="}"#),
            ("application/xml", Array("<a/>".utf8), #""data":"<a/>"}"#),
            ("application/octet-stream", Array("a".utf8), #""data_base64":"YQ=="}"#),
            ("image/png", [0x89, 0x50], #""data_base64":"iVA="}"#),
        ] as [(String, [UInt8], String)])
    func `data is what its type says, or base64`(type: String, value: [UInt8], expected: String) throws {
        #expect(try object(value, type) == head.replacing("TYPE", with: type) + expected)
    }

    @Test func `attributes of an object are JSON, whatever they hold`() throws {
        var config = CloudEventsConfig(mode: .structured, type: .literal("a\"b"))
        config.extensions = [.init(name: "tenant", value: .field("data"))]
        let body = try object(Array("\"x\u{1}\"".utf8), "text/plain", config)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: String])
        #expect(json["tenant"] == "\"x\u{1}\"" && json["type"] == "a\"b" && json["data"] == "\"x\u{1}\"")
    }

    @Test func `an object without its field is refused, and the next entry is not disturbed`() throws {
        var webhook = WebhookConfig(url: "https://example.com/hooks", body: .field("data"))
        webhook.cloudEvents = .init(mode: .structured)
        let route = RouteConfig(name: "shop", streams: ["orders"], group: "shop", destination: .webhook(webhook))
        var writer = try RequestWriter(route)
        func delivery(_ fields: EntryFields) throws -> Delivery {
            let id = EntryID(milliseconds: 1, sequence: 3)
            return Delivery(row: try anyRow(), key: EntryKey(stream: 0, id: id), fields: fields, attempt: 1)
        }
        #expect(throws: UnmakeableRequest.self) { try writer.write(delivery(EntryFields(["x": "1"])), timestamp: 1) }
        try writer.write(delivery(EntryFields(["data": "1"])), timestamp: 1)
        #expect(String(decoding: writer.buffer.body, as: UTF8.self).hasSuffix(#","data":1}"#))
        #expect(try JSONSerialization.jsonObject(with: Data(writer.buffer.body)) is [String: Any])
    }

    @Test func `a signature is over the object that is sent`() throws {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let written = try write(EntryFields(["a": "b"])) {
            $0.cloudEvents = .init(mode: .structured)
            $0.sign = [try! SigningSecret(secret)]
        }
        let result = try Array(written.body.utf8).withUnsafeBytes { body in
            try SignatureVerifier([SigningSecret(secret)]).verify(
                id: written.headers["webhook-id"], timestamp: written.headers["webhook-timestamp"],
                signature: written.headers["webhook-signature"], body: body, now: 1_772_442_930)
        }
        #expect(result == .valid)
    }

    // MARK: - Further headers

    @Test func `the message's id goes under another name, too`() throws {
        let written = try write(EntryFields([:])) { $0.idempotencyHeader = "X-Request-Id" }
        #expect(written.headers["x-request-id"] == Self.id && written.headers["webhook-id"] == Self.id)
    }

    private let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func `a trace is passed on as it is`() throws {
        let written = try write(EntryFields(["tp": trace])) { $0.traceParent = .field("tp", missing: .create) }
        #expect(written.headers["traceparent"] == trace)
    }

    @Test(arguments: ["", "00-1-2-3", "\(String(repeating: "0", count: 55))", "x\r\ny"])
    func `what is no trace is left out, or begins one`(text: String) throws {
        for fields in [EntryFields(["tp": text]), EntryFields([:])] {
            let omitted = try write(fields) { $0.traceParent = .field("tp", missing: .omit) }
            #expect(omitted.headers["traceparent"] == nil)
            let created = try write(fields) { $0.traceParent = .field("tp", missing: .create) }
            #expect(TraceParent.isValid((created.headers["traceparent"] ?? "").utf8))
        }
        let each = try (0..<2).map { _ in
            try write(EntryFields([:])) { $0.traceParent = .create }.headers["traceparent"]
        }
        #expect(each[0] != each[1] && each.allSatisfy { TraceParent.isValid(($0 ?? "").utf8) })
    }

    /// GitHub's published example, in a request.
    @Test func `an HMAC has its header, and one for the time`() throws {
        let written = try write(EntryFields(["data": "Hello, World!"])) {
            $0.body = .field("data")
            $0.hmac = [
                HMACRule(
                    header: "X-Hub-Signature-256", value: SignatureTemplate(prefix: "sha256="),
                    timestampHeader: "X-Time", secret: SecretBytes("It's a Secret to Everybody".utf8)),
                HMACRule(header: "X-Other", secret: SecretBytes("other".utf8)),
            ]
        }
        #expect(
            written.headers["x-hub-signature-256"]
                == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
        #expect(written.headers["x-time"] == "1772442930")
        #expect(written.headers["x-other"]?.count == 64)
    }

    @Test func `other secrets sign from the next request on`() throws {
        var webhook = WebhookConfig(url: "https://example.com/hooks")
        webhook.hmac = [HMACRule(header: "X-S", secret: SecretBytes("a".utf8))]
        let route = RouteConfig(name: "shop", streams: ["orders"], group: "shop", destination: .webhook(webhook))
        var writer = try RequestWriter(route)
        func line() throws -> [UInt8] {
            let id = EntryID(milliseconds: 1, sequence: 3)
            try writer.write(
                Delivery(row: try anyRow(), key: EntryKey(stream: 0, id: id), fields: EntryFields([:]), attempt: 1),
                timestamp: 1)
            return writer.buffer.headers
        }
        let before = try line()
        webhook.hmac[0].secret = SecretBytes("b".utf8)
        try writer.replaceSecrets(webhook)
        let after = try line()
        #expect(before != after && before.count == after.count)
    }
}
