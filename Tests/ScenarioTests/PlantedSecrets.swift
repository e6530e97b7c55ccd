import Foundation
import TestSupport
import TestThreads
import Testing

/// Every kind of secret in one configuration, every feature on, and others that repeat whatever they are sent: nothing that people
/// can look at shows one of them.
@Suite(.serialized, .ownThreads) struct PlantedSecrets {
    private let header = Planted("header"), cookie = Planted("cookie"), odd = Planted("odd", #"pl4nted "odd"<7f>&/x"#)
    private let path = Planted("path"), query = Planted("query"), secretPath = Planted("secret-path")
    private let user = Planted("user"), password = Planted("password", #"pl4nted/pass"word&7f"#)
    private let bearer = Planted("bearer"), laterBearer = Planted("later-bearer"),
        uselessBearer = Planted("useless-bearer")
    private let queryKey = Planted("query-key", "pl4nted&key=7f"), headerKey = Planted("header-key")
    private let awsKey = Planted("aws-key"), awsSecret = Planted("aws-secret"), awsToken = Planted("aws-token")
    private let client = Planted("client", "pl4nted client&7f"), token = Planted("token"),
        laterToken = Planted("later-token")
    private let proxy = Planted("proxy", "pl4nted@proxy/7f"), keyPassword = Planted("key-password")
    private let hmac = Planted("hmac"), current = Planted("current-signing"), old = Planted("old-signing")
    private let redis = Planted("redis", "pl4nted redis/7f"), other = Planted("other"), inURL = Planted("in-url")
    private let collector = Planted("collector"), admin = Planted("admin"), wrong = Planted("wrong")

    private var all: [Planted] {
        [
            header, cookie, odd, path, query, secretPath, user, password, bearer, laterBearer, uselessBearer, queryKey,
            headerKey, awsKey, awsSecret, awsToken, client, token, laterToken, proxy, keyPassword, hmac, current, old,
            redis, other, inURL, collector, admin, wrong,
        ]
    }

    /// `whsec_` of a key whose bytes are the planted text.
    private func signing(_ planted: Planted) -> String { "whsec_" + Data(planted.text.utf8).base64EncodedString() }

    // MARK: - Those that repeat what they are sent

    /// All of a request, as error pages show it: what is most secret first, plain, in JSON and in HTML.
    private static func echo(_ request: ReceivedRequest) -> String {
        let headers = request.headers.sorted { secrecy($0.name) < secrecy($1.name) }
        let plain = headers.map { "\($0.name): \($0.value)" }
        let object = Dictionary(headers.map { ($0.name, $0.value) }) { $1 }
        let json = (try? JSONSerialization.data(withJSONObject: object)).map { String(decoding: $0, as: UTF8.self) }
        let html = plain.map { line in
            line.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
        }
        return (plain.prefix(2) + ["\(request.method) \(request.path)"] + plain.dropFirst(2) + [json ?? ""] + html)
            .joined(separator: "\n")
    }

    private static func secrecy(_ name: String) -> Int {
        ["authorization", "proxy-authorization", "cookie", "x-key", "x-odd"].firstIndex(of: name.lowercased()) ?? 9
    }

    /// Answers each command as Redis 5 does one that it does not know: with what came with it.
    private static func unknowing() throws -> StreamServer {
        try StreamServer { connection in
            while case let bytes = try connection.receive(), !bytes.isEmpty {
                let words = String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: " ")
                try connection.send("-ERR unknown command `HELLO`, with args beginning with: \(words)\r\n")
            }
        }
    }

    private func receiver(_ tokens: Monitor<Int>) -> ScriptedReceiver.Script {
        let (token, laterToken) = (token.text, laterToken.text)
        return { request in
            let body = Self.echo(request)
            if request.path.hasPrefix("/token") {
                let count = tokens.withLock { count in
                    count += 1
                    return count
                }
                let error = #"{"error":"\#(request["authorization"] ?? "") \#(request.path)"}"#
                guard count > 1 else { return .answer(400, body: error) }
                return .answer(
                    200, body: #"{"access_token":"\#(count == 2 ? token : laterToken)","token_type":"Bearer"}"#)
            }
            if request.path.hasPrefix("/oauth"), request["authorization"]?.hasSuffix(token) == true {
                return .answer(401, body: body)
            }
            if request.path.hasPrefix("/told") {
                // With what a program raises of it.
                let object = ["authorization": request["authorization"] ?? ""]
                let data = (try? JSONSerialization.data(withJSONObject: object)) ?? Data()
                return .answer(200, body: String(decoding: data, as: UTF8.self))
            }
            return .answer(request.path.hasPrefix("/basic") ? 503 : 422, body: body)
        }
    }

    // MARK: - The configuration

    private func route(_ name: String, _ scene: Scene, _ webhook: [String: String], url: String? = nil)
        -> BridgeFile.Route
    {
        var route = BridgeFile.Route(name: name, streams: [name], url: url ?? "\(scene.receiver.url)/\(name)")
        route.url = url ?? "http://127.0.0.1:\(scene.receiver.port)/\(name)"
        route.webhook.merge(webhook) { $1 }
        route.retry(attempts: 3, every: "50ms", giveUp: "always")
        return route
    }

    private func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    private func fill(_ scene: Scene, _ stranger: StreamServer, _ refusing: ScriptedReceiver) throws {
        let port = scene.receiver.port
        try scene.directory.write(bearer.text + "\n", to: "bearer")
        try scene.directory.write(admin.text + "\n", to: "admin.token")
        try scene.directory.write(awsToken.text + "\n", to: "aws")
        let certificates = try TLSCertificates(in: scene.directory)
        let key = scene.directory.file("locked.key")
        let lock = try ChildProcess(
            "openssl",
            ["ec", "-aes256", "-passout", "pass:\(keyPassword.text)", "-in", certificates.clientKey, "-out", key])
        try #require(try lock.waitForExit() == .status(0))

        scene.file.redis = "{ url: \"redis://:\(redis.percentEncoded)@127.0.0.1:\(scene.server.port)/0\" }"
        scene.file.level = "debug"
        scene.file.log = ["deliveries": "100%", "urls": "masked"]
        scene.file.admin = "{ listen: \"127.0.0.1:0\", token: { file: admin.token } }"
        let bad = try freePort()
        var appending = BridgeFile.Route(name: "append", streams: ["append"])
        appending.destination =
            "append: { stream: x, redis: { url: \"redis://app:\(inURL.text)@127.0.0.1:\(stranger.port)\" } }"
        var publishing = BridgeFile.Route(name: "publish", streams: ["publish"])
        publishing.destination =
            "publish: { channel: x, redis: { url: \"redis://127.0.0.1:\(stranger.port)\", password: \(quoted(other.text)) } }"
        let sign = "{ secret: [\(signing(current)), \(signing(old))], hmac: { header: X-Hub, secret: \(hmac.text) } }"
        scene.file.routes = [
            route(
                "headers", scene,
                [
                    "headers": "{ Authorization: \"Bearer \(header.text)\", Cookie: \"sid=\(cookie.text); lang=de\", "
                        + "X-Odd: \(quoted(odd.text)) }",
                    "sign": sign, "batch": "{ max_entries: 5, max_wait: 10ms }",
                ], url: "http://127.0.0.1:\(port)/headers/\(path.text)?key=\(query.text)"),
            route("environment", scene, ["sign": sign], url: "PLANTED"),
            route("basic", scene, ["auth": "{ basic: { user: \(user.text), password: \(quoted(password.text)) } }"]),
            route("bearer", scene, ["auth": "{ bearer: { file: bearer } }"]),
            route("told", scene, ["auth": "{ bearer: \(header.text) }", "accept": "{ body: 'error(tojson)' }"]),
            route("query", scene, ["auth": "{ api_key: { query: key, value: \(quoted(queryKey.text)) } }"]),
            route("key", scene, ["auth": "{ api_key: { header: X-Key, value: { credential: key } } }"]),
            route(
                "aws", scene,
                [
                    "auth":
                        "{ aws: { access_key: \(awsKey.text), secret_key: \(awsSecret.text), region: r, service: s, "
                        + "session_token: { file: aws } } }"
                ]),
            route(
                "oauth", scene,
                [
                    "auth":
                        "{ oauth2: { token_url: \"http://127.0.0.1:\(port)/token?key=\(query.text)\", client_id: shop, "
                        + "client_secret: \(quoted(client.text)) } }"
                ]),
            route(
                "asked", scene,
                [
                    "auth": "{ bearer: \(header.text) }",
                    "cloudevents": "{ mode: binary, handshake: events.example.com, type: t }",
                ]),
            route(
                "proxied", scene, ["proxy": "\"http://me:\(proxy.percentEncoded)@127.0.0.1:\(refusing.port)\""],
                url: "http://127.0.0.1:\(port)/proxied?key=\(query.text)"),
            route(
                "tunnelled", scene, ["proxy": "\"http://me:\(proxy.percentEncoded)@127.0.0.1:\(refusing.port)\""],
                url: "https://127.0.0.1:\(port)/\(path.text)"),
            route(
                "tls", scene,
                [
                    "tls": "{ ca: ca.crt, cert: client.crt, key: locked.key, key_password: \(keyPassword.text) }",
                    "headers": "{ Authorization: \(header.text) }",
                ], url: "https://127.0.0.1:\(port)/\(path.text)"),
            route(
                "nobody", scene, ["headers": "{ Authorization: \(header.text) }"],
                url: "http://127.0.0.1:\(bad)/\(path.text)?key=\(query.text)"),
            appending, publishing,
        ]
    }

    private func text(of scene: Scene) -> String {
        scene.file.text.replacing("url: 'PLANTED'", with: "url: { env: PLANTED_URL }")
    }

    // MARK: - What there is to look at

    private func dump(_ redis: RedisProbe) throws -> Data {
        var text = ""
        for key in try redis.command("KEYS", "*").elements.compactMap(\.text) {
            text += "\(key)\n"
            switch try redis.command("TYPE", key).text {
            case "stream":
                text +=
                    "\(try redis.command("XRANGE", key, "-", "+"))\n\(try redis.command("XINFO", "STREAM", key, "FULL"))\n"
            case "string": text += "\(try redis.command("GET", key))\n"
            case let type: throw TestSupportError("a key of type \(type ?? "?"): \(key)")
            }
        }
        return Data("\(text)\(try redis.command("CLIENT", "LIST"))".utf8)
    }

    private func events(_ port: UInt16) throws -> Data {
        let socket = try StreamSocket.connected(port: port)
        socket.limit(.seconds(20))
        let head = "GET /api/v1/events?route=headers HTTP/1.1\r\nhost: localhost\r\n"
        try socket.sendAll(Array("\(head)authorization: Bearer \(admin.text)\r\n\r\n".utf8))
        var bytes: [UInt8] = []
        while bytes.firstRange(of: Array("event: attempts".utf8)) == nil {
            let more = try socket.receive()
            guard !more.isEmpty else { break }
            bytes += more
        }
        return Data(bytes + (try socket.receive()))
    }

    @Test func `nothing that can be looked at shows one of them`() throws {
        let scene = try Scene(script: receiver(Monitor(0)))
        try scene.redis.command("CONFIG", "SET", "requirepass", redis.text)
        let stranger = try Self.unknowing()
        let refusing = try ScriptedReceiver { .answer(407, body: Self.echo($0)) }
        let spans = try ScriptedReceiver { .answer(400, body: Self.echo($0)) }
        try fill(scene, stranger, refusing)
        scene.file.tracing =
            "{ otlp: \"http://127.0.0.1:\(spans.port)\", headers: { Authorization: \"Bearer \(collector.text)\" } }"
        try scene.directory.write(headerKey.text, to: "key")
        let file = try scene.directory.write(text(of: scene), to: "a.yaml")
        let environment = [
            "PLANTED_URL": "http://127.0.0.1:\(scene.receiver.port)/environment/\(secretPath.text)?key=\(query.text)",
            "CREDENTIALS_DIRECTORY": scene.directory.path,
        ]
        let names = scene.file.routes.map(\.name)
        for name in names { try scene.redis.add(numbers: 0..<3, to: name) }
        let bridge = try ChildProcess.footbridge(["run", "-c", file, "--watch"], environment: environment)
        try bridge.waitForLog("footbridge runs", timeout: .seconds(30))
        let probe = try AdminProbe(bridge)
        let login = ["authorization: Bearer \(admin.text)"]
        func get(_ path: String, _ more: [String] = []) throws -> String {
            try probe.ask("GET", path, headers: login + more).body
        }
        for name in names where !["append", "publish"].contains(name) {
            try eventually("attempts of \(name)", timeout: .seconds(20)) {
                try get("/api/v1/attempts?failed=true&route=\(name)").contains("\"attempt\"")
            }
        }
        // Accepted by nobody, so these end after their last attempt.
        for name in ["headers", "basic", "bearer", "told", "query", "key"] {
            try eventually("letters of \(name)", timeout: .seconds(20)) {
                try scene.redis.command("XLEN", "{\(name)}:dead:\(name)").integer ?? 0 >= 3
            }
        }
        try bridge.waitForLog("spans cannot be exported")

        // Another secret, and one that is of no use.
        try Data(laterBearer.text.utf8).write(to: URL(filePath: scene.directory.file("bearer")), options: .atomic)
        try bridge.waitForLog("secrets have changed and are in use")
        let before = scene.receiver.ledger.count { $0.path.hasPrefix("/bearer") }
        try scene.redis.add(numbers: 3..<4, to: "bearer")
        try scene.receiver.waitUntil { $0.count { $0.path.hasPrefix("/bearer") } > before }
        try Data("\(uselessBearer.text)\u{1}\n".utf8)
            .write(to: URL(filePath: scene.directory.file("bearer")), options: .atomic)
        try bridge.waitForLog("a secret has changed and is of no use")
        try Data(laterBearer.text.utf8).write(to: URL(filePath: scene.directory.file("bearer")), options: .atomic)
        // Files that are wrong, with secrets where they are wrong.
        var wrongs: [(name: String, text: Data)] = []
        for text in [
            text(of: scene).replacing(signing(old), with: "whsec_\(wrong.text)%%"),
            text(of: scene).replacing(awsKey.text, with: "[\(wrong.text)]"),
            text(of: scene).replacing("key_password: \(keyPassword.text)", with: "key_password: \(wrong.text)"),
            text(of: scene).replacing("http://me:", with: "htp://\(wrong.text):"),
            text(of: scene).replacing(
                "http://127.0.0.1:\(scene.receiver.port)/query", with: "http://a:\(wrong.text)@b"),
            text(of: scene).replacing("redis://app:", with: "redis://\(wrong.text):%zz"),
        ] {
            let path = try scene.directory.write(text, to: "wrong.yaml")
            let result = try CommandResult(.footbridge(["check", "-c", path], environment: environment))
            #expect(result.exit == .status(78))
            wrongs.append(("check of a wrong file", Data("\(result.output)\(result.error)".utf8)))
            _ = try scene.directory.write(text, to: "a.yaml")
            let reload = try CommandResult(.footbridge(["reload", "-c", file], environment: environment))
            wrongs.append(("reload of a wrong file", Data("\(result.output)\(reload.error)".utf8)))
        }
        _ = try scene.directory.write(text(of: scene), to: "a.yaml")

        var looked = wrongs
        func look(_ name: String, _ text: String) { looked.append((name, Data(text.utf8))) }
        func run(_ words: String..., exit: Int32? = 0) throws {
            let result = try CommandResult(.footbridge(words + ["-c", file], environment: environment))
            if let exit { #expect(result.exit == .status(exit), "\(words): \(result.error)") }
            look(words.joined(separator: " "), result.output + result.error)
        }
        for path in [
            "/", "/metrics", "/healthz", "/readyz", "/api/v1/status", "/api/v1/routes", "/api/v1/attempts?limit=1000",
        ] {
            look(path, try get(path))
        }
        look("OpenMetrics", try get("/metrics", ["accept: application/openmetrics-text"]))
        for name in names {
            for rest in ["", "/history", "/waiting", "/letters"] {
                look("\(name)\(rest)", try get("/api/v1/routes/\(name)\(rest)"))
            }
            let trial = try probe.post("/api/v1/routes/\(name)/try", #"{"fields":[["n","1"]]}"#, headers: login)
            #expect(trial.status == 200)
            look("a trial of \(name)", trial.body)
        }
        look(
            "a wrong token",
            try probe.ask("GET", "/api/v1/status", headers: ["authorization: Bearer \(wrong.text)"]).body)
        looked.append(("events", try events(probe.port)))
        try run("status")
        try run("status", "--json")
        try run("verify", exit: nil)
        try run("tail", "--failed", "-n", "1000", exit: nil)
        try run("tail", "--json", "-n", "1000", exit: nil)
        try run("dead", "list")
        try run("dead", "list", "--json")
        try run("dead", "export")
        let letter = try scene.redis.command("XRANGE", "{headers}:dead:headers", "-", "+", "COUNT", "1")
        try run("dead", "show", letter.elements.first?.elements.first?.text ?? "", "--route", "headers", exit: nil)
        try run("config", "print")
        try run("check", "--show")
        try run("check", "--live", exit: nil)
        for name in names {
            try run("try", name)
            guard !["append", "publish"].contains(name) else { continue }
            try run("try", name, "--send", exit: nil)
        }
        looked.append(("Redis", try dump(scene.redis)))
        looked.append(("spans", Data(spans.ledger.flatMap(\.body))))
        look("the command line", try String(contentsOfFile: "/proc/\(bridge.pid)/cmdline", encoding: .utf8))
        #expect(try bridge.stop(timeout: .seconds(30)) == .status(0))
        look("the log", bridge.errorOutput + bridge.output)

        // What `try` is for: people who have the configuration before them see where it leads.
        let shown = looked.filter { $0.name.hasPrefix("try ") }
        let rest = looked.filter { !$0.name.hasPrefix("try ") }
        #expect(all.flatMap { $0.places(in: $0.name == path.name ? rest : looked) } == [])
        #expect(shown.contains { $0.text.range(of: Data(path.text.utf8)) != nil })
        // It has been looked at what is there, and the receivers were given what they repeat.
        let sent = scene.receiver.ledger.map { "\($0.path) \($0.headers)" }.joined()
        for planted in [
            header, cookie, path, query, secretPath, bearer, laterBearer, headerKey, awsKey, awsToken, token,
            laterToken,
        ] {
            #expect(sent.contains(planted.text), "\(planted.name)")
        }
        for word in ["***", "attempts failed", "dead", "event: attempts"] {
            #expect(looked.contains { $0.text.range(of: Data(word.utf8)) != nil }, "\(word)")
        }
    }

    @Test func `a log in text with whole URLs shows the paths of those that are no secret, and nothing else`() throws {
        let scene = try Scene(script: receiver(Monitor(1)))
        let stranger = try Self.unknowing()
        let refusing = try ScriptedReceiver { .answer(407, body: Self.echo($0)) }
        try fill(scene, stranger, refusing)
        scene.file.redis = "{ url: \"\(scene.server.url)\" }"
        scene.file.log["urls"] = "full"
        try scene.directory.write(headerKey.text, to: "key")
        let text = text(of: scene).replacing("format: json", with: "format: text")
        let names = scene.file.routes.map(\.name)
        for name in names { try scene.redis.add(numbers: 0..<3, to: name) }
        let bridge = try ChildProcess.footbridge(
            ["run", "-c", scene.directory.write(text, to: "a.yaml")],
            environment: [
                "PLANTED_URL":
                    "http://127.0.0.1:\(scene.receiver.port)/environment/\(secretPath.text)?key=\(query.text)",
                "CREDENTIALS_DIRECTORY": scene.directory.path,
            ])
        for name in names where !["append", "publish"].contains(name) {
            try bridge.waitForOutput(containing: "route=\(name) ", on: .error, timeout: .seconds(20))
        }
        try eventually("a letter") { try scene.redis.command("XLEN", "{headers}:dead:headers").integer ?? 0 >= 3 }
        #expect(try bridge.stop(timeout: .seconds(30)) == .status(0))
        let looked = [("the log", Data(bridge.errorOutput.utf8)), ("Redis", try dump(scene.redis))]
        #expect(all.filter { $0.name != path.name }.flatMap { $0.places(in: looked) } == [])
        #expect(bridge.errorOutput.contains("/headers/\(path.text)"))
    }

    @Test func `a Redis or a Sentinel that knows no passwords, and repeats them, is quoted without them`() throws {
        let stranger = try Self.unknowing()
        let directory = try TemporaryDirectory()
        var looked: [(name: String, text: Data)] = []
        for redis in [
            "{ url: \"redis://app:\(inURL.text)@127.0.0.1:\(stranger.port)\" }",
            "{ url: \"redis://127.0.0.1:\(stranger.port)\", password: \(quoted(redis.text)) }",
            "{ url: \"redis://app@127.0.0.1\", password: \(other.text), sentinel: { master: m, "
                + "nodes: [\"127.0.0.1:\(stranger.port)\"], user: watcher, password: \(wrong.text) } }",
        ] {
            var file = BridgeFile()
            file.redis = redis
            file.level = "trace"
            file.route.url = "http://127.0.0.1:1/"
            let path = try directory.write(file.text, to: "bridge.yaml")
            let bridge = try ChildProcess.footbridge(["run", "-c", path])
            try bridge.waitForOutput(containing: "unknown command", on: .error)
            for words in [["status"], ["check", "--live"], ["send", "orders", "n=1"], ["stream", "len", "orders"]] {
                let result = try CommandResult(.footbridge(words + ["-c", path]))
                #expect(result.exit != .status(0))
                looked.append((words.joined(separator: " "), Data("\(result.output)\(result.error)".utf8)))
            }
            try bridge.stop(timeout: .seconds(30))
            looked.append(("the log", Data(bridge.errorOutput.utf8)))
        }
        #expect(all.flatMap { $0.places(in: looked) } == [])
        #expect(looked.contains { $0.text.range(of: Data("***".utf8)) != nil })
    }
}
