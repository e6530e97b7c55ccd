import FootbridgeCurl
import FootbridgeJQ
import FootbridgeWebhooks
import Testing

@testable import Footbridge

@Suite struct SecretMaskTests {
    private func mask(_ change: (inout WebhookConfig) throws -> Void, urls: LoggedURLs = .masked) rethrows -> SecretMask
    {
        var webhook = WebhookConfig(url: "https://example.com")
        try change(&webhook)
        return SecretMask(webhook, urls: urls)
    }

    @Test(
        arguments: [
            #"a "b/c" <d>&"#,
            // RFC 3986 §2.1, and the same as forms have it.
            "a%20%22b%2Fc%22%20%3Cd%3E%26", "a+%22b%2Fc%22+%3Cd%3E%26",
            // RFC 8259 §7; PHP's json_encode; Go's json.Marshal.
            #"a \"b/c\" <d>&"#, #"a \"b\/c\" <d>&"#, #"a \"b/c\" \u003cd\u003e\u0026"#,
            // HTML.
            "a &quot;b/c&quot; &lt;d&gt;&amp;",
        ])
    func `a secret is found as servers write it`(text: String) {
        let mask = SecretMask(#"a "b/c" <d>&"#)
        #expect(mask.masked("no <\(text)> and \(text), a \"b\"") == "no <***> and ***, a \"b\"")
    }

    @Test func `the head of an answer may end in the middle of a secret`() {
        let mask = SecretMask("hunter2hunter3")
        #expect(mask.masked("X: hunter2hun") == "X: ***")
        #expect(mask.masked("X: hunt") == "X: ***")
        #expect(mask.masked("X: hun") == "X: hun")
        #expect(mask.masked("hunter2hunter3") == "***")
        #expect(mask.masked("") == "")
    }

    @Test func `what is no secret stays readable`() {
        let mask = mask {
            $0.headers = [
                .init(name: "Accept", value: "application/json"), .init(name: "X-Env", value: "prod"),
                .init(name: "X-Empty", value: ""),
            ]
            $0.auth = .basic(user: "shop", password: "abc")
            $0.url = "https://example.com/hooks?v=2"
        }
        let answer = "shop: cannot POST /hooks?v=2 for abc of prod, want application/json from example.com"
        #expect(mask.masked(answer) == answer)
    }

    @Test func `headers are found whole and in parts`() throws {
        let template = try JQTemplate(#"key-of-\(.fields.a)-and-all"#)
        let mask = mask {
            $0.headers = [
                .init(name: "Authorization", value: "Bearer abc.def-123"),
                .init(name: "Cookie", value: "sid=0123456789; lang=de"),
                .init(name: "X-Login", value: "Basic c2hvcDpodW50ZXIy"), .init(name: "X-Made", template: template),
            ]
        }
        #expect(mask.masked("Bearer abc.def-123") == "***")
        #expect(mask.masked("bad token abc.def-123") == "bad token ***")
        #expect(mask.masked("no session 0123456789") == "no session ***")
        // The password of the pair: echo c2hvcDpodW50ZXIy | base64 -d
        #expect(mask.masked("shop, hunter2") == "shop, ***")
        #expect(mask.masked("key-of-7-and-all") == "key-of-7***")
    }

    @Test(
        arguments: [
            (AuthConfig.basic(user: "shop", password: "hunter2"), "c2hvcDpodW50ZXIy hunter2"),
            (.bearer("hunter2"), "hunter2"), (.apiKey(.query("k"), value: "a=b&c"), "a%3Db%26c a=b&c"),
            (
                .aws(
                    AWSCredentials(accessKey: "AKIDEXAMPLE", secretKey: "wJal/rXU", region: "r", service: "s"),
                    sessionToken: "session"), "AKIDEXAMPLE wJal/rXU session"
            ),
            (
                // RFC 6749 §2.3.1: echo -n 'shop:a%20b' | base64
                .oauth2(
                    OAuth2Config(tokenURL: "https://a.example/?key=01234567", clientID: "shop", clientSecret: "a b ")),
                "a%20b%20 01234567 c2hvcDphJTIwYiUyMA=="
            ),
        ])
    func `credentials are found`(auth: AuthConfig, answer: String) {
        let mask = mask { $0.auth = auth }
        #expect(mask.masked(answer).split(separator: " ").allSatisfy { $0 == "***" }, "\(mask.masked(answer))")
    }

    @Test func `signing secrets, keys of TLS and passwords of proxies are found`() throws {
        let secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let mask = try mask {
            $0.sign = [try SigningSecret("whsec_" + secret)]
            $0.hmac = [HMACRule(header: "X", secret: SecretBytes("hunter2".utf8))]
            $0.connection.tls.keyPassword = "hunter3"
            $0.connection.proxy = "http://me:hunter%2F4@proxy.example:3128"
        }
        #expect(mask.masked("whsec_\(secret) hunter2 hunter3 hunter%2F4 hunter/4") == "whsec_*** *** *** *** ***")
        // echo -n me:hunter/4 | base64
        #expect(mask.masked("Proxy-Authorization: Basic bWU6aHVudGVyLzQ=") == "Proxy-Authorization: Basic ***")
        // Of a key whose base64 has both characters that a URL's lacks.
        let other = try SigningSecret("whsec_" + "+/" + secret.dropFirst(2))
        #expect(other.spellings == ["+/\(secret.dropFirst(2))", "-_\(secret.dropFirst(2))"])
    }

    @Test func `paths are hidden as the log hides them, queries always`() {
        let url = "https://example.com/services/T0123456789/abc%2Fdefgh?token=9876543210&v=2"
        let answer = "Cannot POST /services/T0123456789/abc%2Fdefgh?token=9876543210&v=2 (abc/defgh)"
        #expect(mask { $0.url = url }.masked(answer) == "Cannot POST /***/***/***?token=***&v=2 (***)")
        #expect(
            mask({ $0.url = url }, urls: .full).masked(answer)
                == "Cannot POST /services/T0123456789/abc%2Fdefgh?token=***&v=2 (abc/defgh)")
        #expect(
            mask(
                {
                    $0.url = url
                    $0.isURLSecret = true
                }, urls: .full
            ).masked(answer) == "Cannot POST /***/***/***?token=***&v=2 (***)")
    }
}
