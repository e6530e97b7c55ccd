import Foundation
import TestSupport
import Testing

/// Recipes whose receivers verify a signature or read an event.
extension Recipe {
    static let github = Recipe(
        name: "github", routes: ["pushes": ["events"]],
        variables: ["GITHUB_WEBHOOK_SECRET": "It's a Secret to Everybody"], hosts: ["https://ci.example.com"],
        entries: [
            Entry("events", ["type": "push", "payload": "{ \"ref\": \"refs/heads/main\", \"n\": 1.50 }"]),
            Entry("events", ["type": "ping", "payload": "{\"zen\":\"é\"}"]),
        ],
        answer: { $0["x-github-delivery"] == nil ? .answer(400) : .answer(202) },
        verify: { requests in
            try Self.check(requests, count: 2, .github, secret: "It's a Secret to Everybody")
            #expect(
                requests.map(\.text).sorted() == ["{ \"ref\": \"refs/heads/main\", \"n\": 1.50 }", "{\"zen\":\"é\"}"])
            #expect(requests.compactMap { $0["x-github-event"] }.sorted() == ["ping", "push"])
            #expect(requests.allSatisfy { $0["x-github-delivery"] == $0.id && $0.path == "/hooks/github" })
        })

    static let stripe = Recipe(
        name: "stripe", routes: ["payments": ["payments"]],
        variables: ["STRIPE_WEBHOOK_SECRET": "whsec_test_9c3f"], hosts: ["https://shop.example.com"],
        entries: [Entry("payments", ["type": "charge.succeeded", "data": #"{"id":"ch_1","amount":2000}"#])],
        verify: { requests in
            try Self.check(requests, count: 1, .stripe, secret: "whsec_test_9c3f")
            let event = try #require(try json(requests[0].text))
            let created = try #require(event["created"] as? Int)
            #expect((event["id"] as? String)?.wholeMatch(of: #/evt_\d+-\d+/#) != nil)
            #expect(event["object"] as? String == "event")
            #expect(event["type"] as? String == "charge.succeeded")
            #expect(abs(Date.now.timeIntervalSince1970 - Double(created)) < 300)
            #expect(event["data"] as? NSDictionary == ["object": ["id": "ch_1", "amount": 2000]])
        })

    private static let whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    static let svix = Recipe(
        name: "svix", routes: ["events": ["events"]], variables: ["WEBHOOK_SECRET": whsec],
        hosts: ["https://example.com"],
        entries: [Entry("events", ["type": "user.created", "data": #"{"id":"u_1"}"#])],
        answer: { $0.earlier == 0 ? .answer(500) : .answer(204) },
        verify: { requests in
            try Self.check(requests, count: 2, .svix, secret: whsec, error: "WebhookVerificationError")
            try Self.check(requests, count: 2, .standardwebhooks, secret: whsec, error: "WebhookVerificationError")
            let event = try #require(try json(requests[1].text))
            #expect(event["type"] as? String == "user.created")
            #expect(event["data"] as? NSDictionary == ["id": "u_1"])
            let time = try Date(#require(event["timestamp"] as? String), strategy: .iso8601)
            #expect(abs(time.timeIntervalSinceNow) < 300)
            // The first wait of its schedule is 5 s, give or take a fifth.
            #expect(requests.map(\.time).gap >= .milliseconds(3900))
        })

    static let knative = Recipe(
        name: "knative", routes: ["events": ["events"]],
        hosts: ["http://broker-ingress.knative-eventing.svc.cluster.local"],
        entries: [Entry("events", ["type": "order.paid", "order": "A 1", "data": #"{"total":12.50}"#])],
        // What a broker asks of an event (https://github.com/cloudevents/spec, HTTP binding 1.0.2).
        answer: { request in
            let needed = ["ce-id", "ce-source", "ce-type", "content-type"]
            return request["ce-specversion"] == "1.0" && needed.allSatisfy { request[$0]?.isEmpty == false }
                ? .answer(202) : .answer(400)
        },
        verify: { requests in
            let event = try WebhookPeer.cloudevents.judge(requests).first?["value"] as? NSDictionary
            let attributes = try #require(event?["attributes"] as? [String: String])
            #expect(attributes["type"] == "order.paid")
            #expect(attributes["source"] == "/shop/orders")
            #expect(attributes["subject"] == "A 1")
            #expect(attributes["id"] == requests[0].id)
            #expect(event?["data"] as? NSDictionary == ["total": 12.5])
            #expect(requests.map(\.path) == ["/default/default"])
            #expect(requests.map(\.text) == [#"{"total":12.50}"#])
        })

    /// All requests are as the peer wants them, and would not be with another secret or another body.
    private static func check(
        _ requests: [ReceivedRequest], count: Int, _ peer: WebhookPeer, secret: String, error: String = "ValueError"
    ) throws {
        try #require(requests.count == count)
        _ = try peer.judge(requests, secret: secret)
        #expect(try peer.refusal(of: requests[0], secret: secret, body: "{}") == error)
        let other = "whsec_" + String(secret.dropFirst(6).reversed())
        #expect(try peer.refusal(of: requests[0], secret: other) == error)
    }
}

extension [ContinuousClock.Instant] {
    /// From the first to the last.
    fileprivate var gap: Duration { (first?.duration(to: last ?? .now)) ?? .zero }
}

/// The object that a text holds.
func json(_ text: String) throws -> NSDictionary? {
    try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary
}
