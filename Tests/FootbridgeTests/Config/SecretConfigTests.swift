import FootbridgeRedis
import FootbridgeWebhooks
import Foundation
import Testing

@testable import Footbridge

@Suite struct SecretConfigTests {
    private let directory = URL.temporaryDirectory.appending(path: "secrets-\(UUID().uuidString)").path

    private func write(_ bytes: [UInt8], to name: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: "\(directory)/\(name)"), options: .atomic)
    }

    private func parse(_ webhook: String, redis: String = "embedded", _ variables: [String: String] = [:]) throws
        -> BridgeConfig
    {
        try ConfigFile.parse(
            text: "redis: \(redis)\nroutes: { a: { stream: a, webhook: { \(webhook) } } }\n", fileName: "bridge.yaml",
            environment: ConfigFile.Environment(variables: variables, hostName: "host"), directory: directory)
    }

    @Test(
        arguments: [
            ([0x00, 0xFF, 0x20, 0x0D, 0x0A], [0x00, 0xFF, 0x20]), ([0x61, 0x0A, 0x0A], [0x61, 0x0A]),
            ([0x61, 0x0D], [0x61, 0x0D]),
            ([0x20, 0x61, 0x09], [0x20, 0x61, 0x09]),
        ] as [([UInt8], [UInt8])])
    func `a secret is taken byte for byte, but for one line break at its end`(file: [UInt8], secret: [UInt8]) throws {
        try write(file, to: "key")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for place in ["{ file: key }", "{ file: \(directory)/key }", "{ credential: key }"] {
            let config = try parse(
                "url: http://a, sign: { hmac: { header: X-S, secret: \(place) } }", ["CREDENTIALS_DIRECTORY": directory]
            )
            #expect(config.routes[0].webhook?.hmac == [HMACRule(header: "X-S", secret: SecretBytes(secret))])
        }
    }

    @Test func `values of variables are trimmed like those of files`() throws {
        let secret = "whsec_Zmlyc3Qgc2VjcmV0LCB0aGlydHktdHdvIGJ5dGVzISE="
        let config = try parse("url: http://a, sign: { secret: { env: S } }", ["S": secret + "\r\n"])
        #expect(config.routes[0].webhook?.sign == [try SigningSecret(secret)])
    }

    @Test func `URL, headers and the passwords of Redis can stand elsewhere`() throws {
        let config = try parse(
            "url: { env: URL }, headers: { A: { env: A } }",
            redis:
                "{ url: { env: R }, password: { env: P }, sentinel: { master: m, nodes: [s], password: { env: P } } }",
            ["URL": "https://chat.example/T/B\n", "A": " Bearer x ", "R": "redis://me@r1/2", "P": "p@ss/word?%"])
        #expect(config.routes[0].webhook?.url == "https://chat.example/T/B")
        #expect(config.routes[0].webhook?.headers == [.init(name: "A", value: " Bearer x ")])
        guard case .sentinel(let sentinel, let url) = config.redis else {
            Issue.record("no Sentinels")
            return
        }
        #expect(url.user == "me" && url.password == "p@ss/word?%" && url.database == 2)
        #expect(sentinel.password == "p@ss/word?%")
    }

    @Test func `credentials and another Redis take a secret from each place`() throws {
        try write(Array("hunter2\n".utf8), to: "key")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let config = try ConfigFile.parse(
            text: """
                redis: embedded
                routes:
                  a: { stream: a, webhook: { url: "http://a", auth: { bearer: { credential: key } } } }
                  b: { stream: b, webhook: { url: "http://a", auth: { basic: { user: u, password: { file: key } } } } }
                  c: { stream: c, publish: { channel: c, redis: { url: { env: R }, password: { credential: key } } } }
                  d: { stream: d, append: { stream: e, redis: { url: "redis://r2", password: { file: key } } } }
                """, fileName: "bridge.yaml",
            environment: ConfigFile.Environment(
                variables: ["CREDENTIALS_DIRECTORY": directory, "R": "redis://r1"], hostName: "host"),
            directory: directory)
        #expect(config.routes[0].webhook?.auth == .bearer("hunter2"))
        #expect(config.routes[1].webhook?.auth == .basic(user: "u", password: "hunter2"))
        for (route, host) in zip(config.routes[2...], ["r1", "r2"]) {
            guard case .url(let url) = route.destination.redis else {
                Issue.record("no other Redis")
                continue
            }
            #expect(url.password == "hunter2" && url.endpoint == .tcp(host: host, port: 6379))
        }
        #expect(!config.dump.contains("hunter2"))
    }

    @Test func `one header is made from the entry, another one stands in a variable`() throws {
        let config = try parse(
            "url: \"https://example.com/\\\\(.fields.n)\", headers: { A: { env: A }, B: \"\\\\(.fields.b)\" }",
            ["A": "\\(.fields.a)"])
        let headers = try #require(config.routes[0].webhook?.headers)
        // What a variable brings in is never a program.
        #expect(headers.map(\.value) == ["\\(.fields.a)", ""] && headers.map { $0.template != nil } == [false, true])
        #expect(config.dump.contains("webhook.url = https://example.com/…\n"))
        #expect(config.dump(paths: true).contains("webhook.url = https://example.com/\\(.fields.n)\n"))
    }

    @Test func `credentials that are a header can be changed, others cannot`() {
        func webhook(_ auth: AuthConfig?) -> WebhookConfig { WebhookConfig(url: "http://a", auth: auth) }
        let fixed: [AuthConfig] = [
            .bearer("b"), .basic(user: "u", password: "p"), .apiKey(.header("X-Key"), value: "v"),
        ]
        for auth in fixed {
            var old = webhook(.bearer("a"))
            #expect(!old.hasSecrets(of: webhook(auth)))
            old.takeSecrets(of: webhook(auth))
            #expect(old.auth == auth)
        }
        for (auth, other) in [
            (AuthConfig.apiKey(.query("k"), value: "a"), AuthConfig.apiKey(.query("k"), value: "b")),
            (
                .oauth2(.init(tokenURL: "http://t", clientID: "a", clientSecret: "a")),
                .oauth2(.init(tokenURL: "http://t", clientID: "a", clientSecret: "b"))
            ),
        ] {
            var old = webhook(auth)
            #expect(old.hasSecrets(of: webhook(other)))
            old.takeSecrets(of: webhook(other))
            #expect(old.auth == auth)
        }
    }

    @Test func `a header that is no text is refused`() throws {
        try write([0x61, 0xFF], to: "key")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let error = #expect(throws: ConfigErrors.self) { try parse("url: http://a, headers: { A: { file: key } }") }
        #expect(
            error?.description == "bridge.yaml:2:75: routes.a.webhook.headers.A.file: "
                + "the secret is not UTF-8, which it has to be here")
    }

    @Test func `paths are shown when they are asked for, queries never`() throws {
        let config = try parse("url: \"https://chat.example/T/B?key=1\"")
        #expect(config.dump.contains("routes.a.webhook.url = https://chat.example/…\n"))
        #expect(config.dump(paths: true).contains("routes.a.webhook.url = https://chat.example/T/B?***\n"))
    }

    @Test func `a secret of an unusual length is warned of`() throws {
        let config = try parse(
            "url: http://a, sign: { secret: [whsec_YWJj, whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=] }")
        #expect(config.advice.map(\.path) == ["routes.a.webhook.sign.secret[0]"])
        #expect(
            config.advice[0].message.hasPrefix("a secret of 3 bytes signs, but Standard Webhooks asks for 24 to 64"))
    }

    @Test func `tools that ask Redis alone do not care for webhooks`() throws {
        try write([], to: "empty")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = "\(directory)/bridge.yaml"
        func load(_ text: String) throws -> BridgeConfig {
            try write(Array(text.utf8), to: "bridge.yaml")
            return try ConfigFile.loadWithoutDestinations(
                path: path, environment: ConfigFile.Environment(variables: [:], hostName: "host"))
        }
        let config = try load(
            """
            defaults: { webhook: { headers: { Authorization: "Bearer ${TOKEN}" } } }
            routes:
              a: { stream: a, webhook: { url: { env: URL }, sign: { secret: { file: nowhere } } } }
              b: { stream: b }
            """)
        #expect(config.routes.map(\.streams) == [["a"], ["b"]])
        let error = #expect(throws: ConfigErrors.self) {
            try load("redis: { password: { env: P } }\nroutes: { a: { webhook: { url: 1 } } }")
        }
        #expect(
            error?.description.replacing("\(path):", with: "") == """
                1:27: redis.password.env: the variable P is not set
                2:11: routes.a.stream: is missing; write stream: NAME or streams: [NAME, NAME]
                """)
    }

    @Test func `files of secrets are read again, and those of Redis are not watched`() throws {
        try write(Array("one".utf8), to: "key")
        try write(Array("secret".utf8), to: "password")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let text = """
            redis: { password: { file: password } }
            defaults: { webhook: { headers: { A: { file: key } } } }
            routes:
              a: { stream: a, webhook: { url: "http://a" } }
              b: { stream: b, webhook: { url: "http://a", sign: { hmac: { header: S, secret: { file: key } } } } }
            """
        try write(Array(text.utf8), to: "bridge.yaml")
        let read = try ConfigFile.loadWatched(path: "\(directory)/bridge.yaml")
        let (config, secrets) = (read.config, read.secrets)
        let before = secrets.stamps()
        #expect(before.count == 1 && !secrets.isEmpty)
        #expect(secrets.stamps() == before)
        try write(Array("two".utf8), to: "key")
        // The file itself is not read again: that would be a reload.
        try write(Array("routes: {}".utf8), to: "bridge.yaml")
        #expect(secrets.stamps() != before)
        let new = secrets.read().config
        #expect(new.routes.map { $0.webhook?.headers.map(\.value) } == [["two"], ["two"]])
        let (was, now) = (try #require(config.routes[1].webhook), try #require(new.routes[1].webhook))
        #expect(!now.hasSecrets(of: was))
        try FileManager.default.removeItem(atPath: "\(directory)/key")
        #expect(secrets.read().errors?.problems.count == 2)
        #expect(secrets.stamps().count == 1)
    }
}
