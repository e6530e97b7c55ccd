import Foundation
import TestSupport
import TestThreads
import Testing

/// Secrets that stand in files and credentials, and commands that need none of a receiver's.
@Suite(.serialized, .ownThreads) struct SecretPlaces {
    private let first = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private let second = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

    /// As one should: what is read is whole, whenever it is.
    private func replace(_ name: String, _ text: String, in scene: Scene) throws {
        try Data(text.utf8).write(to: URL(filePath: scene.directory.file(name)), options: .atomic)
    }

    @Test func `a secret that is of no use keeps no other route from its own`() throws {
        let scene = try Scene()
        scene.file.routes = ["good", "bad"].map { name in
            var route = BridgeFile.Route(name: name, streams: [name], url: "\(scene.receiver.url)/\(name)")
            route.webhook["sign"] = "{ secret: { file: \(name) } }"
            return route
        }
        for name in ["good", "bad"] { try replace(name, first, in: scene) }
        let bridge = try scene.run()
        try FileManager.default.removeItem(atPath: scene.directory.file("bad"))
        try bridge.waitForLog("a secret has changed and is of no use; what was read before stays in use")
        try replace("good", second, in: scene)
        try bridge.waitForLog("secrets have changed and are in use")
        for name in ["good", "bad"] { try scene.redis.add(numbers: [0], to: name) }
        let requests = try scene.receiver.waitFor(count: 2)
        for request in requests {
            let secret = request.path.hasSuffix("good") ? second : first
            #expect(expectedSignature(of: request, secret: secret) == request["webhook-signature"])
        }
        #expect(bridge.logs("secrets have changed and are in use").map(\.metadata["route"]) == ["good"])
    }

    @Test func `a secret that changes is in use a second later, and one that is of no use is not`() throws {
        let scene = try Scene()
        try replace("secret", first + "\n", in: scene)
        try replace("token", "Bearer one\n", in: scene)
        try replace("key", "one\n", in: scene)
        scene.file.workers = 2
        scene.file.route.webhook["sign"] = "{ secret: { file: secret } }"
        scene.file.route.webhook["headers"] = "{ Authorization: { file: token }, X-Env: test }"
        scene.file.route.webhook["auth"] = "{ api_key: { header: X-Key, value: { file: key } } }"
        let bridge = try scene.run()
        var count = 0
        func next() throws -> [ReceivedRequest] {
            try scene.redis.add(numbers: count..<count + 10)
            count += 10
            return Array(try scene.receiver.waitFor(count: count).suffix(10))
        }
        func expect(_ requests: [ReceivedRequest], _ secret: String, _ token: String, _ key: String = "one") {
            #expect(requests.allSatisfy { expectedSignature(of: $0, secret: secret) == $0["webhook-signature"] })
            #expect(Set(requests.map { $0["authorization"] }) == [token])
            #expect(Set(requests.map { $0["x-env"] }) == ["test"])
            #expect(Set(requests.map { $0["x-key"] }) == [key])
        }
        expect(try next(), first, "Bearer one")

        try replace("secret", second, in: scene)
        try bridge.waitForLog("secrets have changed and are in use")
        expect(try next(), second, "Bearer one")
        try replace("token", "Bearer two", in: scene)
        try eventually("both are told") { bridge.logs("secrets have changed and are in use").count == 2 }
        expect(try next(), second, "Bearer two")

        try replace("secret", "hunter2", in: scene)
        let refusal = "a secret has changed and is of no use; what was read before stays in use"
        try bridge.waitForLog(refusal)
        expect(try next(), second, "Bearer two")
        try replace("secret", first, in: scene)
        try eventually("it is good again") { bridge.logs("secrets have changed and are in use").count == 3 }
        expect(try next(), first, "Bearer two")
        try replace("key", "two", in: scene)
        try eventually("the key is told") { bridge.logs("secrets have changed and are in use").count == 4 }
        expect(try next(), first, "Bearer two", "two")
        #expect(bridge.logs(refusal).count == 1)
        #expect(try bridge.stop() == .status(0))
        for secret in ["hunter2", "Bearer", first, second] { #expect(!bridge.errorOutput.contains(secret)) }
    }

    @Test func `a credential of systemd opens Redis, signs, and names the endpoint`() throws {
        let scene = try Scene()
        try scene.redis.command("CONFIG", "SET", "requirepass", "pass/wörd ?")
        try scene.directory.write("pass/wörd ?\n", to: "redis")
        try scene.directory.write(scene.receiver.url, to: "url")
        scene.file.redis = "{ url: \"\(scene.server.url)\", password: { credential: redis } }"
        scene.file.route.url = ""
        let text = scene.file.text.replacing("url: ''", with: "url: { credential: url }")
        let path = try scene.directory.write(text, to: "bridge.yaml")
        let environment = ["CREDENTIALS_DIRECTORY": scene.directory.path]
        let bridge = try ChildProcess.footbridge(["run", "-c", path], environment: environment)
        try bridge.waitForLog("footbridge runs")
        let sent = try CommandResult(.footbridge(["send", "-c", path, "orders", "n=1"], environment: environment))
        #expect(sent.exit == .status(0))
        #expect(try scene.receiver.waitFor(count: 1).map(\.path) == ["/hooks"])
        #expect(try bridge.stop() == .status(0))
        let shown = try CommandResult(.footbridge(["check", "--show", "-c", path], environment: environment))
        #expect(shown.output.contains("webhook.url = http://127.0.0.1:\(scene.receiver.port)/…\n"))
        #expect(!shown.output.contains("hooks") && !shown.output.contains("wörd"))
        let asked = try CommandResult(
            .footbridge(["check", "--show", "--paths", "-c", path], environment: environment))
        #expect(asked.output.contains("webhook.url = http://127.0.0.1:\(scene.receiver.port)/hooks\n"))
    }

    @Test func `status, send, stream and group need no secret of a receiver`() throws {
        let scene = try Scene()
        scene.file.route.webhook["sign"] = "{ secret: { env: FOOTBRIDGE_TEST_NOWHERE } }"
        scene.file.route.webhook["headers"] = "{ Authorization: \"Bearer ${FOOTBRIDGE_TEST_NOWHERE}\" }"
        let path = try scene.writeFile()
        try scene.redis.command("XGROUP", "CREATE", "orders", "orders", "0", "MKSTREAM")
        for command in [
            ["status"], ["status", "--json"], ["send", "orders", "n=1"], ["stream", "len", "orders"],
            ["group", "list", "orders"],
        ] {
            let result = try CommandResult(.footbridge(command + ["-c", path]))
            #expect(result.exit == .status(0), "\(command): \(result.error)")
        }
        for command in ["check", "run"] {
            let result = try footbridge(command, "-c", path)
            #expect(result.exit == .status(78))
            #expect(result.error.contains("the variable FOOTBRIDGE_TEST_NOWHERE is not set"))
        }
        scene.file.redis = "{ url: \"\(scene.server.url)\", password: { env: FOOTBRIDGE_TEST_NOWHERE } }"
        #expect(try footbridge("status", "-c", scene.writeFile()).exit == .status(78))
    }
}
