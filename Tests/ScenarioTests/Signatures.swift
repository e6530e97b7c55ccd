import Foundation
import TestSupport
import TestThreads
import Testing

/// Signatures of the real bridge, verified by libraries that receivers use.
@Suite(.serialized, .ownThreads) struct Signatures {
    private let shared = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    @Test func `one header satisfies receivers of either kind, and the old secret's as well`() throws {
        let scene = try Scene()
        let old = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
        let key = try footbridge("secret", "new", "--asymmetric").output
        try scene.directory.write(key, to: "orders.key")
        scene.file.route.webhook["sign"] = "{ secret: [\(shared), { file: orders.key }, \"v1,\(old)\"] }"
        let bridge = try scene.run()
        try scene.redis.add(numbers: 0..<20)
        let requests = Array(try scene.receiver.waitFor(count: 20))
        let publicKey = try footbridge("secret", "public", "--file", scene.directory.file("orders.key")).output
            .dropLast()
        for secret in [shared, old] {
            _ = try WebhookPeer.standardwebhooks.judge(requests, secret: secret)
            _ = try WebhookPeer.svix.judge(requests, secret: secret)
        }
        let verified = try WebhookPeer.ed25519.judge(requests, secret: String(publicKey))
        #expect(verified.map { $0["value"] as? Int } == Array(repeating: 1, count: 20))
        // They would have refused others.
        for peer in [WebhookPeer.standardwebhooks, .svix] {
            #expect(try peer.refusal(of: requests[0], secret: shared, body: "{}") == "WebhookVerificationError")
        }
        #expect(
            try WebhookPeer.ed25519.refusal(of: requests[0], secret: String(publicKey), body: "{}")
                == "InvalidSignature")
        #expect(try bridge.stop() == .status(0))
        #expect(!bridge.errorOutput.contains(String(key.dropFirst(5).prefix(20))))
    }

    @Test func `a request is signed as GitHub, Stripe, Slack and Shopify sign theirs`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        try scene.directory.write("It's a Secret to Everybody\n", to: "secret")
        scene.file.route.webhook["sign"] = """
            { secret: \(shared), hmac: [
                  { header: X-Hub-Signature-256, prefix: "sha256=", secret: { file: secret } },
                  { header: Stripe-Signature, value: "t={timestamp},v1={signature}", content: "{timestamp}.{body}",
                    secret: { file: secret } },
                  { header: X-Slack-Signature, prefix: v0=, content: "v0:{timestamp}:{body}",
                    timestamp_header: X-Slack-Request-Timestamp, secret: { file: secret } },
                  { header: X-Shopify-Hmac-Sha256, encoding: base64, secret: { file: secret } }] }
            """
        try scene.run()
        try scene.redis.add(numbers: 0..<5)
        let requests = Array(try scene.receiver.waitFor(count: 10))
        for peer in [WebhookPeer.github, .stripe, .slack, .shopify] {
            _ = try peer.judge(requests, secret: "It's a Secret to Everybody")
            #expect(try peer.refusal(of: requests[0], secret: "It's a Secret to Everybody", body: "{}") == "ValueError")
        }
        _ = try WebhookPeer.standardwebhooks.judge(requests, secret: shared)
        try scene.waitUntilSettled()
    }

    @Test func `a secret of an unusual length signs, and it is said`() throws {
        let scene = try Scene()
        scene.file.route.webhook["sign"] = "{ secret: whsec_YWJj }"
        let path = try scene.writeFile()
        let check = try footbridge("check", "-c", path)
        let told =
            "a secret of 3 bytes signs, but Standard Webhooks asks for 24 to 64, and receivers may refuse it; "
            + "make one with: footbridge secret new"
        #expect(
            check
                == CommandResult(
                    0, output: "\(path): ok, 1 route\n  warn   routes.orders.webhook.sign.secret: \(told)\n"))
        let bridge = try scene.run()
        let warnings = bridge.logs("the configuration has something to look at")
        #expect(warnings.map { $0.metadata["key"] } == ["routes.orders.webhook.sign.secret"])
        #expect(warnings.map { $0.metadata["reason"] } == [told])
        try scene.redis.add(numbers: 0..<1)
        _ = try WebhookPeer.standardwebhooks.judge(Array(scene.receiver.waitFor(count: 1)), secret: "whsec_YWJj")
    }

    @Test func `a message keeps its id under another name, and its trace`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.webhook["idempotency_key"] = "true"
        scene.file.route.webhook["traceparent"] = "{ field: tp, missing: create }"
        try scene.run()
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        try scene.redis.add([Field("tp", trace)])
        var requests = Array(try scene.receiver.waitFor(count: 2))
        #expect(requests.map { $0["traceparent"] } == [trace, trace])
        #expect(Set(requests.map { $0["idempotency-key"] }) == [requests[0].id])
        try scene.redis.add([Field("tp", "00-\r\nX-Evil: 1")])
        requests = Array(try scene.receiver.waitFor(count: 4).dropFirst(2))
        let pattern = #/00-[0-9a-f]{32}-[0-9a-f]{16}-01/#
        #expect(requests.allSatisfy { ($0["traceparent"] ?? "").wholeMatch(of: pattern) != nil && $0["x-evil"] == nil })
        #expect(requests[0]["traceparent"] != requests[1]["traceparent"])
    }
}
