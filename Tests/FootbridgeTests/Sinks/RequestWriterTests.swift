import FootbridgeWebhooks
import RedisStreams
import Testing

@testable import Footbridge
@testable import FootbridgeCurl

struct RequestWriterTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private func route(
        _ body: BodyFormat = .fields, secrets: [String] = [], streams: [String] = ["orders"]
    ) throws -> RouteConfig {
        var webhook = WebhookConfig(url: "https://example.com/hooks", body: body)
        webhook.sign = try secrets.map { try SigningSecret($0) }
        return RouteConfig(name: "shop", streams: streams, group: "shop", destination: .webhook(webhook))
    }

    private func entry(_ fields: EntryFields, stream: Int = 0, attempt: Int = 1) throws -> Delivery {
        Delivery(
            row: try anyRow(), key: EntryKey(stream: stream, id: EntryID(milliseconds: 1_772_442_927_250, sequence: 3)),
            fields: fields,
            attempt: attempt)
    }

    private func lines(_ buffer: RequestBuffer) -> [String] {
        buffer.headers.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The id's middle is the head of `printf orders | sha256sum`.
    @Test func `an entry becomes a JSON object with an id, a time and an attempt`() throws {
        var writer = try RequestWriter(route())
        try writer.write(entry(EntryFields(["type": "a", "total": "12.50"]), attempt: 4), timestamp: 1_772_442_930)
        #expect(String(decoding: writer.buffer.body, as: UTF8.self) == #"{"type":"a","total":"12.50"}"#)
        #expect(
            lines(writer.buffer) == [
                "webhook-id: msg_1c168adb00d208e4_1772442927250-3", "webhook-timestamp: 1772442930",
                "webhook-attempt: 4",
            ])
        #expect(writer.buffer.isValid)
    }

    @Test func `several entries make one request, signed as a whole`() throws {
        var config = try route(secrets: [Self.secret], streams: ["orders", "refunds"])
        var webhook = try #require(config.webhook)
        webhook.batch = BatchConfig(maximumBytes: 40)
        webhook.idempotencyHeader = "idempotency-key"
        config.destination = .webhook(webhook)
        var writer = try RequestWriter(config)
        #expect(try writer.add(entry(EntryFields(["n": "1"]), attempt: 2), timestamp: 1))
        #expect(try writer.add(entry(EntryFields(["n": "2"]), stream: 1, attempt: 7), timestamp: 1))
        #expect(try !writer.add(entry(EntryFields(["n": "a number that is too long"])), timestamp: 1))
        try writer.finishBatch(timestamp: 1_772_442_930)
        #expect(writer.buffer.body == Array(#"[{"n":"1"},{"n":"2"}]"#.utf8))
        let made = lines(writer.buffer)
        let id = try #require(made[0].split(separator: " ").last)
        #expect(id.utf8.count == 36)
        #expect(made[1...2] == ["webhook-timestamp: 1772442930", "webhook-attempt: 7"])
        #expect(made[4] == "idempotency-key: \(id)")
        // Nothing is left of it in the next, which may be a single one.
        try writer.write(entry(EntryFields(["n": "3"])), timestamp: 2)
        #expect(writer.buffer.body == Array(#"[{"n":"3"}]"#.utf8))
        #expect(lines(writer.buffer)[2] == "webhook-attempt: 1")
        #expect(!lines(writer.buffer)[0].contains(id))
    }

    @Test func `the id depends on stream and entry alone`() throws {
        var writer = try RequestWriter(route(streams: ["orders", "refunds"]))
        func id(_ stream: Int, _ attempt: Int, _ timestamp: Int64) throws -> String? {
            try writer.write(
                entry(EntryFields(["n": "\(attempt)"]), stream: stream, attempt: attempt), timestamp: timestamp)
            return lines(writer.buffer).first
        }
        let first = try id(0, 1, 1)
        #expect(try id(0, 12, 99) == first)
        #expect(try id(1, 1, 1) != first)
    }

    @Test func `one field goes out byte for byte, the first of its name`() throws {
        var writer = try RequestWriter(route(.field("data")))
        let bytes: [UInt8] = [0, 255, 13, 10, 0]
        let data = Array("data".utf8)[...]
        let pairs: [EntryFields.Element] = [(data.dropLast(), [1]), (data, bytes[...]), (data, [2])]
        let fields = EntryFields(pairs)
        try writer.write(entry(fields), timestamp: 1)
        #expect(writer.buffer.body == bytes)
        try writer.write(entry(EntryFields(["data": ""])), timestamp: 1)
        #expect(writer.buffer.body == [])
    }

    @Test func `an entry without the field cannot be made into a request`() throws {
        var writer = try RequestWriter(route(.field("data")))
        let error = #expect(throws: UnmakeableRequest.self) {
            try writer.write(entry(EntryFields(["Data": "x"])), timestamp: 1)
        }
        #expect(error?.description == #"no field "data""#)
        try writer.write(entry(EntryFields(["data": "next"])), timestamp: 1)
        #expect(writer.buffer.body == Array("next".utf8))
        #expect(lines(writer.buffer).count == 3)
    }

    @Test func `any stream name and any field make safe headers`() throws {
        for stream in ["a\r\nX-Evil: 1", "", "é.b", "\u{0}"] {
            var writer = try RequestWriter(route(secrets: [Self.secret], streams: [stream]))
            try writer.write(entry(EntryFields(["a\r\nb": "c\r\nd\u{0}"])), timestamp: 1)
            #expect(writer.buffer.isValid)
            #expect(lines(writer.buffer).count == 4)
        }
    }

    @Test(arguments: [1, 2]) func `the signature holds for each secret`(count: Int) throws {
        let secrets = [Self.secret, SigningSecret.random().revealed()].prefix(count)
        for body in [BodyFormat.fields, .field("data")] {
            var writer = try RequestWriter(route(body, secrets: Array(secrets)))
            for number in 1...3 {
                try writer.write(
                    entry(EntryFields(["data": "\u{0}\r\n\(number)"]), attempt: number), timestamp: 1_772_442_930)
                let headers = Dictionary(
                    uniqueKeysWithValues: lines(writer.buffer).map { line in
                        let parts = line.split(separator: ": ", maxSplits: 1)
                        return (String(parts[0]), String(parts[1]))
                    })
                #expect(headers["webhook-signature"]?.split(separator: " ").count == count)
                for secret in secrets {
                    let verdict = try writer.buffer.body.withUnsafeBytes { body in
                        try SignatureVerifier([SigningSecret(secret)]).verify(
                            id: headers["webhook-id"], timestamp: headers["webhook-timestamp"],
                            signature: headers["webhook-signature"], body: body, now: 1_772_442_930)
                    }
                    #expect(verdict == .valid)
                }
            }
        }
    }

    @Test func `without a secret nothing is signed`() throws {
        var writer = try RequestWriter(route())
        try writer.write(entry(EntryFields([:])), timestamp: 1)
        #expect(!lines(writer.buffer).contains { $0.hasPrefix("webhook-signature") })
        #expect(writer.buffer.body == Array("{}".utf8))
    }

    // MARK: - What all requests of a route share

    @Test func `fixed headers are the content type, ourselves, and those of the route`() {
        var webhook = WebhookConfig(url: "https://example.com/hooks", contentType: "application/cloudevents+json")
        webhook.headers = [.init(name: "X-Env", value: "prod"), .init(name: "X-Empty", value: "")]
        #expect(
            RequestWriter.fixedHeaders(webhook) == [
                "Content-Type: application/cloudevents+json", "User-Agent: Footbridge/\(Version.current)",
                "X-Env: prod",
                "X-Empty;",
            ])
        webhook.headers = [.init(name: "user-AGENT", value: "shop")]
        #expect(
            RequestWriter.fixedHeaders(webhook) == ["Content-Type: application/cloudevents+json", "user-AGENT: shop"])
    }

    @Test func `a webhook's options reach the transfer`() {
        let webhook = WebhookConfig(
            url: "https://example.com/hooks?key=s3cret#x", method: "PUT", timeout: .seconds(7),
            connectTimeout: .milliseconds(300), responseLimitBytes: 10)
        #expect(
            TransferOptions(webhook)
                == TransferOptions(
                    url: "https://example.com/hooks?key=s3cret#x", method: "PUT", timeout: .seconds(7),
                    connectTimeout: .milliseconds(300), responseLimitBytes: 10,
                    connection: ConnectionOptions(addressGuard: AddressGuard()),
                    headers: ["Content-Type: application/json", "User-Agent: Footbridge/\(Version.current)"]))
    }

    /// Paths of chat services are credentials.
    @Test(arguments: [
        ("https://example.com:8443/hooks?key=s3cret#x", "https://example.com:8443/…"),
        ("https://example.com/", "https://example.com/"), ("http://[::1]:80", "http://[::1]:80"),
        ("https://example.com?key=s3cret", "https://example.com/…"),
    ])
    func `logs name where a URL leads, and nothing else of it`(url: String, shown: String) {
        #expect(WebhookConfig(url: url).endpoint == shown)
    }
}

extension RequestWriter {
    init(_ route: RouteConfig, namespace: String? = nil) throws {
        try self.init(#require(route.webhook), of: route, namespace: namespace)
    }
}
