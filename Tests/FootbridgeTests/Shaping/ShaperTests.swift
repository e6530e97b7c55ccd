import FootbridgeCurl
import FootbridgeJQ
import FootbridgeWebhooks
import RedisStreams
import Testing

@testable import Footbridge

@Suite struct ShaperTests {
    private func route(
        filter: String? = nil, url: String? = nil, headers: [(String, String)] = [], body: BodyFormat = .fields,
        dataField: String? = nil
    ) throws -> RouteConfig {
        var webhook = WebhookConfig(
            url: "https://example.com/", urlTemplate: try url.map { try JQTemplate($0) }, body: body)
        webhook.headers = try headers.map { .init(name: $0, template: try JQTemplate($1)) }
        return RouteConfig(
            name: "orders", streams: ["orders", "refunds"], group: "orders", destination: .webhook(webhook),
            filter: filter,
            dataField: dataField)
    }

    private func delivery(_ fields: KeyValuePairs<String, String>, stream: Int = 0) throws -> Delivery {
        Delivery(
            row: try anyRow(), key: EntryKey(stream: stream, id: EntryID(milliseconds: 1_700_000_000_123, sequence: 4)),
            fields: EntryFields(fields), attempt: 2)
    }

    private func written(_ route: RouteConfig, _ fields: KeyValuePairs<String, String>, stream: Int = 0) throws -> (
        url: String, lines: [String], body: String
    ) {
        let shaper = try Shaper.make(for: route)
        var writer = try RequestWriter(#require(route.webhook), of: route, shaper: shaper)
        let delivery = try delivery(fields, stream: stream)
        try shaper?.begin(delivery)
        defer { shaper?.end() }
        try writer.write(delivery, timestamp: 1)
        let buffer = writer.buffer
        #expect(buffer.isValid)
        return (
            String(decoding: buffer.url, as: UTF8.self), buffer.lines.filter { !$0.hasPrefix("webhook-") },
            String(decoding: buffer.body, as: UTF8.self)
        )
    }

    @Test func `a route without jq needs none`() throws { #expect(try Shaper.make(for: route()) == nil) }

    @Test func `an entry is what programs see`() throws {
        let request = try written(
            route(body: .jq("{id, stream, timestamp, attempt, data, n: .fields.n}"), dataField: "d"),
            ["n": "1", "d": "[true]"], stream: 1)
        #expect(
            request.body
                == #"{"id":"1700000000123-4","stream":"refunds","timestamp":1700000000.123,"attempt":2,"data":[true],"n":"1"}"#
        )
        #expect(request.url == "")
        #expect(request.lines == [])
    }

    @Test func `the filter decides`() throws {
        let shaper = try #require(try Shaper.make(for: route(filter: ".fields.n == \"1\"")))
        for (number, passes) in [("1", true), ("2", false), ("1", true)] {
            try shaper.begin(try delivery(["n": number]))
            #expect(try shaper.passes() == passes)
            shaper.end()
        }
    }

    @Test func `URL and headers, one after the other`() throws {
        let route = try route(
            url: "https://example.com/\\(.fields.a)/x?q=\\(.fields.b)",
            headers: [("X-A", "\\(.fields.a)-1"), ("X-None", "\\(.fields.none // \"\")"), ("X-B", "b")])
        let request = try written(route, ["a": "p/q", "b": "1&2"])
        #expect(request.url == "https://example.com/p%2Fq/x?q=1%262")
        #expect(request.lines == ["X-A: p/q-1", "X-B: b"])
        #expect(request.body == #"{"a":"p/q","b":"1&2"}"#)
    }

    @Test(arguments: [
        ("a\r\nX-Evil: 1", "webhook.headers.X-H: the value holds a control character or a line break"),
        ("a\u{0}b", "webhook.headers.X-H: the value holds a control character or a line break"),
        ("..", "webhook.url: a value is . or .., which means a directory"),
        (".", "webhook.url: a value is . or .., which means a directory"),
    ]) func `what must not reach a request does not`(value: String, message: String) throws {
        let route = try route(url: "https://example.com/\\(.fields.v)", headers: [("X-H", "\\(.fields.v)")])
        let error = #expect(throws: UnmakeableRequest.self) { try written(route, ["v": value]) }
        #expect(error?.description == message)
        guard case .unshapeable = error?.reason else { return #expect(error == nil) }
    }

    @Test func `an error names its key and its expression`() throws {
        let header = #expect(throws: UnmakeableRequest.self) {
            try written(route(headers: [("X-H", "\\(.fields.none)")]), [:])
        }
        #expect(
            header?.reason
                == .unshapeable(
                    key: "webhook.headers.X-H",
                    message: "\\(.fields.none) is null; only text, numbers and booleans can stand there"))
        let body = #expect(throws: UnmakeableRequest.self) { try written(route(body: .jq("1, 2")), [:]) }
        #expect(body?.description == "webhook.body.jq: gives 2 results; put them into an array: [ … ]")
        let data = #expect(throws: UnmakeableRequest.self) {
            try written(route(body: .jq("1"), dataField: "d"), ["d": "{"])
        }
        #expect(data?.description.hasPrefix("data_field: is no JSON: ") == true)
    }

    @Test func `after an entry that fails the next one is as always`() throws {
        let route = try route(
            url: "https://example.com/\\(.fields.n)",
            body: .jq("if .fields.n == \"x\" then last(range(1e15)) else .fields.n end"))
        let shaper = try #require(try Shaper.make(for: route))
        var writer = try RequestWriter(#require(route.webhook), of: route, shaper: shaper)
        for number in ["1", "x", "2", "x", "3"] {
            let delivery = try delivery(["n": number])
            try shaper.begin(delivery)
            if number == "x" {
                #expect(throws: UnmakeableRequest.self) { try writer.write(delivery, timestamp: 1) }
            } else {
                try writer.write(delivery, timestamp: 1)
                #expect(String(decoding: writer.buffer.body, as: UTF8.self) == "\"\(number)\"")
                #expect(String(decoding: writer.buffer.url, as: UTF8.self) == "https://example.com/\(number)")
            }
            shaper.end()
        }
    }

    @Test func `a trial shows no secret`() throws {
        var route = try route(
            url: "https://example.com/\\(.fields.n)?key=hunter2&n=\\(.fields.n)",
            headers: [("X-A", "hunter2 \\(.fields.n)")])
        var webhook = try #require(route.webhook)
        webhook.headers.append(.init(name: "X-B", value: "hunter2"))
        route.destination = .webhook(webhook)
        let entry = StreamEntry(id: EntryID(milliseconds: 5), fields: EntryFields(["n": "1"]))
        guard case .request(let request) = try Trial(route: route, namespace: nil).shape(entry, stream: 0) else {
            return #expect(Bool(false))
        }
        #expect(request.url == "https://example.com/1?key=***&n=1")
        #expect(request.headers.prefix(2).map(\.name) == ["Content-Type", "User-Agent"])
        #expect(request.headers.filter { $0.name.hasPrefix("X-") }.map(\.value) == ["***", "***1"])
    }

    @Test(
        arguments: [
            ("https://chat.example/T0/hunter2?k=hunter2", true, nil, "https://chat.example/…"),
            ("https://example.com/a", false, nil, "https://example.com/a?key=***"),
            ("https://example.com/a?b=hunter2", false, nil, "https://example.com/a?b=***&key=***"),
            ("https://example.com/", false, #"https://example.com/\(.fields.n)"#, "https://example.com/1?key=***"),
            (
                "https://example.com/", false, #"https://example.com/?n=\(.fields.n)"#,
                "https://example.com/?n=1&key=***"
            ),
        ] as [(String, Bool, String?, String)])
    func `a trial shows no URL that is a secret, and that a key is in the query`(
        url: String, isSecret: Bool, template: String?, shown: String
    ) throws {
        var webhook = WebhookConfig(url: url, urlTemplate: try template.map { try JQTemplate($0) })
        webhook.isURLSecret = isSecret
        if !isSecret { webhook.auth = .apiKey(.query("key"), value: "hunter2") }
        let route = RouteConfig(name: "r", streams: ["s"], group: "g", destination: .webhook(webhook))
        let entry = StreamEntry(id: EntryID(milliseconds: 5), fields: EntryFields(["n": "1"]))
        guard case .request(let request) = try Trial(route: route, namespace: nil).shape(entry, stream: 0) else {
            return #expect(Bool(false))
        }
        #expect(request.url == shown)
    }

    @Test func `a trial shows what an event has, and no credentials or signatures`() throws {
        var webhook = WebhookConfig(url: "https://example.com/hooks")
        webhook.sign = [try SigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        webhook.hmac = [HMACRule(header: "X-Sig", timestampHeader: "X-Time", secret: SecretBytes("hunter2".utf8))]
        webhook.cloudEvents = .init(source: .literal("/shop"))
        webhook.idempotencyHeader = "Idempotency-Key"
        for (auth, name) in [
            (AuthConfig.bearer("hunter2"), "Authorization"), (.apiKey(.header("X-Key"), value: "hunter2"), "X-Key"),
        ] {
            webhook.auth = auth
            let route = RouteConfig(
                name: "orders", streams: ["orders"], group: "orders", destination: .webhook(webhook))
            let entry = StreamEntry(id: EntryID(milliseconds: 5), fields: EntryFields(["n": "1"]))
            guard case .request(let request) = try Trial(route: route, namespace: nil).shape(entry, stream: 0) else {
                return #expect(Bool(false))
            }
            let headers = Dictionary(request.headers.map { ($0.name, $0.value) }) { $0 + $1 }
            #expect(Set(headers.filter { $0.value == "***" }.keys) == [name, "webhook-signature", "X-Sig"])
            #expect(headers["ce-source"] == "/shop" && headers["ce-type"] == "redis.stream.entry")
            #expect(headers["Idempotency-Key"] == headers["webhook-id"] && headers["ce-id"] == headers["webhook-id"])
            #expect(headers["X-Time"] == headers["webhook-timestamp"])
        }
    }

    /// Each is what the same body is without an event.
    @Test(arguments: [
        (BodyFormat.typed, "application/json", #""data":{"n":1}"#),
        (.jq(".fields"), "application/json", #""data":{"n":"1"}"#),
        (.jq(".fields.n"), "application/vnd.shop+json", #""data":"1""#),
        (
            .envelope, "application/json",
            #""data":{"id":"1700000000123-4","stream":"orders","timestamp":1700000000.123,"fields":{"n":"1"}}"#
        ),
        (.form, "application/x-www-form-urlencoded", #""data":"n=1""#),
        (.jq(".fields"), "application/octet-stream", #""data_base64":"eyJuIjoiMSJ9""#),
    ])
    func `an object holds each kind of body`(body: BodyFormat, contentType: String, member: String) throws {
        var route = try route(url: "https://example.com/\\(.fields.n)", headers: [("X-A", "\\(.fields.n)")], body: body)
        var webhook = try #require(route.webhook)
        webhook.contentType = contentType
        webhook.cloudEvents = .init(mode: .structured)
        webhook.hmac = [HMACRule(header: "X-Sig", secret: SecretBytes("key".utf8))]
        route.destination = .webhook(webhook)
        let request = try written(route, ["n": "1"])
        #expect(request.body.hasSuffix(",\(member)}"))
        #expect(request.url == "https://example.com/1")
        #expect(request.lines.first == "X-A: 1")
        var signature: [UInt8] = []
        try Array(request.body.utf8).withUnsafeBytes {
            try HMACSigner(webhook.hmac[0]).sign(id: [], timestamp: 1, body: $0, into: &signature)
        }
        #expect(request.lines.last == "X-Sig: \(String(decoding: signature, as: UTF8.self))")
    }

    @Test(arguments: [
        ("https://example.com/\\(.fields.n)", "https://example.com/1?key=a%26b"),
        ("https://example.com/x?n=\\(.fields.n)", "https://example.com/x?n=1&key=a%26b"),
    ])
    func `a key belongs to a URL that is made, too`(url: String, expected: String) throws {
        var route = try route(url: url)
        var webhook = try #require(route.webhook)
        webhook.auth = .apiKey(.query("key"), value: "a&b")
        route.destination = .webhook(webhook)
        #expect(try written(route, ["n": "1"]).url == expected)
    }
}
