import FootbridgeWebhooks
import Testing

/// Signatures of services as their documentation has them.
@Suite struct HMACSignerTests {
    private func sign(
        _ rule: HMACRule, _ body: String, id: String = "msg_1", timestamp: Int64 = 0
    ) throws -> String {
        let signer = try HMACSigner(rule)
        var line: [UInt8] = []
        // Twice: the second has to be as the first.
        for _ in 0..<2 {
            line = []
            try Array(body.utf8).withUnsafeBytes {
                try signer.sign(id: Array(id.utf8), timestamp: timestamp, body: $0, into: &line)
            }
        }
        return String(decoding: line, as: UTF8.self)
    }

    private func content(_ text: String) throws -> SignatureTemplate {
        try SignatureTemplate(text, allowing: [.id, .timestamp, .body])
    }

    private func value(_ text: String) throws -> SignatureTemplate {
        try SignatureTemplate(text, allowing: [.signature, .timestamp, .id])
    }

    /// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
    @Test func `GitHub's example`() throws {
        let rule = HMACRule(
            header: "X-Hub-Signature-256", value: SignatureTemplate(prefix: "sha256="),
            secret: SecretBytes("It's a Secret to Everybody".utf8))
        #expect(
            try sign(rule, "Hello, World!")
                == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
    }

    /// <https://docs.slack.dev/authentication/verifying-requests-from-slack>
    @Test func `Slack's example`() throws {
        let rule = HMACRule(
            header: "X-Slack-Signature", content: try content("v0:{timestamp}:{body}"),
            value: SignatureTemplate(prefix: "v0="), timestampHeader: "X-Slack-Request-Timestamp",
            secret: SecretBytes("8f742231b10e8888abcd99yyyzzz85a5".utf8))
        let body =
            "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
            + "channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
            + "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F"
            + "96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
        #expect(
            try sign(rule, body, timestamp: 1_531_420_618)
                == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")
        let signer = try HMACSigner(rule)
        #expect(String(decoding: signer.timestampHeader ?? [], as: UTF8.self) == "X-Slack-Request-Timestamp")
    }

    /// The scheme of Stripe, which publishes no example with its secret; the value is by Python's `hmac`.
    @Test func `Stripe's scheme`() throws {
        let rule = HMACRule(
            header: "Stripe-Signature", content: try content("{timestamp}.{body}"),
            value: try value("t={timestamp},v1={signature}"), secret: SecretBytes("whsec_test_secret".utf8))
        #expect(
            try sign(rule, "{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}", timestamp: 1_614_265_330)
                == stripe)
    }

    /// Shopify's scheme; the value is by Python's `hmac`.
    @Test func `Shopify's scheme`() throws {
        let rule = HMACRule(
            header: "X-Shopify-Hmac-Sha256", encoding: .base64, secret: SecretBytes("hush".utf8))
        #expect(try sign(rule, #"{"id":820982911946154508}"#) == shopify)
    }

    /// RFC 2202, case 2, and RFC 4231, case 2.
    @Test(arguments: [
        (HMACAlgorithm.sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (.sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            .sha512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
                + "caeab1a34d4a6b4b636e070a38bce737"
        ),
    ])
    func `the algorithms`(algorithm: HMACAlgorithm, expected: String) throws {
        let rule = HMACRule(header: "X-Signature", algorithm: algorithm, secret: SecretBytes("Jefe".utf8))
        #expect(try sign(rule, "what do ya want for nothing?") == expected)
    }

    /// RFC 4231, case 2, its message in pieces.
    @Test func `id, timestamp and body may stand in any order`() throws {
        let rule = HMACRule(
            header: "X-Signature", content: try content("{body}{timestamp} {id}"),
            value: try value("{id};{signature};{timestamp}"), secret: SecretBytes("Jefe".utf8))
        let other = HMACRule(header: "X-Signature", secret: SecretBytes("Jefe".utf8))
        let code = try sign(other, "what12 msg_2")
        #expect(try sign(rule, "what", id: "msg_2", timestamp: 12) == "msg_2;\(code);12")
    }

    @Test(arguments: ["{", "{body", "{Body}", "{secret}", "a{b}{body}", "{}", "{signature}"])
    func `a brace that opens no placeholder is refused`(text: String) {
        let error = #expect(throws: SignatureTemplateError.self) { try content(text) }
        #expect(error?.description == "a brace opens something else than {id}, {timestamp}, {body}")
    }

    @Test(arguments: ["v0:{timestamp}:{body}", "{body}", "a}b{id}c{body}"])
    func `a template is told as it was written`(text: String) throws {
        #expect("\(try content(text))" == text)
    }

    @Test func `a secret is not shown`() {
        let rule = HMACRule(header: "X-Signature", secret: SecretBytes("hunter2".utf8))
        var dumped = ""
        dump(rule, to: &dumped)
        #expect(!dumped.contains("hunter2") && !dumped.contains("104") && !"\(rule)".contains("104"))
    }

    private let stripe = "t=1614265330,v1=af4ead0627a34a8cca29808e8de9ada8e41a92e6237c63cef6eacf51d36cca34"
    private let shopify = "qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I="
}
