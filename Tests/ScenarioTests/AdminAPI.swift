import Foundation
import TestSupport
import TestThreads
import Testing

/// What the admin server shows and does, as docs/api.md says.
@Suite(.serialized, .ownThreads) struct AdminAPI {
    private func scene(script: @escaping ScriptedReceiver.Script = { _ in .answer(200) }) throws -> Scene {
        let scene = try Scene(script: script)
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        return scene
    }

    @Test func `a receiver that is down is named everywhere, with its last answer and the next probe`() throws {
        let scene = try scene { _ in .answer(401, body: "{\"error\":\"token expired\"}") }
        try scene.redis.add(numbers: 0..<10)
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try eventually("held") { try admin.state() == "held" }
        let route = try admin.route()
        #expect(route["reason"] as? String == "the receiver refuses this route (401)")
        #expect(route["owed"] as? Int == 10)
        #expect(route["endpoints_down"] as? Int == 1)
        let endpoint = try #require((route["endpoints"] as? [NSDictionary])?.first)
        #expect(endpoint["standing"] as? String == "down")
        #expect(endpoint["reason"] as? String == "http_401")
        #expect(endpoint["last_status"] as? Int == 401)
        #expect(endpoint["last_answer"] as? String == "{\"error\":\"token expired\"}")
        #expect(endpoint["next_probe_in_s"] is Double)
        #expect(endpoint["since"] is String)

        // The report in Redis says the same, without an admin server.
        scene.file.admin = nil
        func status() throws -> String { try CommandResult(.footbridge(["status", "-c", scene.writeFile()])).output }
        try eventually("status names it") {
            try status().contains("orders: held: the receiver refuses this route (401)")
        }
        let text = try status()
        #expect(text.contains("token expired"))
        #expect(text.contains("next probe in"))
        #expect(text.contains("footbridge retry orders"))
        #expect(try bridge.stop() == .status(0))
        #expect(try !status().contains("token expired"))
    }

    @Test func `attempts are remembered, filtered and followed`() throws {
        let scene = try scene { $0.text == body(1) ? .answer(422, body: "no such customer") : .answer(200) }
        let ids = try scene.redis.add(numbers: 0..<5)
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.waitUntilSettled()
        func attempts(_ query: String) throws -> [NSDictionary] {
            try #require(try admin.json("/api/v1/attempts?\(query)")["attempts"] as? [NSDictionary])
        }
        let failed = try attempts("failed=true")
        #expect(failed.count >= 2)
        #expect(failed.allSatisfy { $0["entry"] as? String == ids[1] && $0["ok"] as? Bool == false })
        #expect(failed.last?["then"] as? String == "dead" || failed.last?["then"] as? String == "undecided")
        #expect(failed[0]["answer"] as? String == "no such customer")
        #expect(try attempts("status=4xx").count == failed.count)
        #expect(try attempts("status=http_422&limit=1").count == 1)
        #expect(try attempts("status=500").isEmpty)
        #expect(try attempts("failed=false&route=orders").count == 4)
        #expect(try attempts("entry=\(ids[0])").count == 1)
        let next = try #require(try admin.json("/api/v1/attempts")["next"] as? String)
        #expect(try attempts("after=\(next)").isEmpty)
        try scene.redis.add(numbers: 5..<6)
        try eventually("the new one") { try attempts("after=\(next)").count == 1 }
        #expect(try admin.get("/api/v1/attempts?after=x").status == 400)
        #expect(try admin.get("/api/v1/attempts?route=nosuch").status == 404)

        // The command asks the same server.
        scene.file.admin = "{ listen: \"127.0.0.1:\(admin.port)\" }"
        let tail = try CommandResult(
            .footbridge(["tail", "orders", "--status", "422", "--no-follow", "-c", scene.writeFile()]))
        #expect(tail.exit == .status(0))
        #expect(tail.output.split(separator: "\n").count == failed.count)
        #expect(tail.output.contains("FAIL") && tail.output.contains("answer: no such customer"))
        #expect(try bridge.stop() == .status(0))
        let gone = try CommandResult(.footbridge(["tail", "--no-follow", "-c", scene.writeFile()]))
        #expect(gone.exit == .status(69))
        #expect(gone.error.contains("does not answer"))
    }

    @Test func `events bring the status each second, and the attempts of a route`() throws {
        let scene = try scene()
        let bridge = try scene.run()
        let admin = try AdminProbe(bridge)
        try scene.redis.add(numbers: 0..<1)
        try scene.waitUntilSettled()
        let socket = try StreamSocket.connected(port: admin.port)
        socket.limit(.seconds(10))
        try socket.sendAll(Array("GET /api/v1/events?route=orders HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8))
        var text = ""
        while text.components(separatedBy: "event: status\n").count < 4 || !text.contains("event: attempts\n") {
            let bytes = try socket.receive()
            try #require(!bytes.isEmpty)
            text += String(decoding: bytes, as: UTF8.self)
        }
        #expect(text.contains("text/event-stream"))
        #expect(text.contains("data: {\"at\":"))
        socket.shutDown()
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `a trial says what would be sent, and nothing is`() throws {
        let scene = try scene { _ in .answer(200) }
        scene.file.route.keys["filter"] = "'.fields.n != \"7\"'"
        let ids = try scene.redis.add(numbers: 0..<1)
        let admin = try AdminProbe(try scene.run())
        try scene.waitUntilSettled()
        let path = "/api/v1/routes/orders/try"
        let made = try admin.post(path, "{\"entry\":\"\(ids[0])\"}")
        #expect(made.status == 200)
        #expect(made.body.contains("\"passes\":true") && made.body.contains("webhook-id"))
        #expect(try admin.post(path, "{\"fields\":{\"n\":\"7\"}}").body == "{\"passes\":false}\n")
        #expect(try admin.post(path, "{\"entry\":\"1-1\"}").status == 404)
        #expect(try admin.post(path, "{\"entry\":\"x\"}").status == 400)
        #expect(try admin.post(path, "{").status == 400)
        #expect(try admin.post(path).status == 400)
        #expect(scene.receiver.ledger.count == 1)
    }

    @Test func `a token is wanted where there is one, and other sites may not reach it`() throws {
        let scene = try scene()
        let open = try AdminProbe(try scene.run())
        #expect(try open.ask("GET", "/api/v1/status", host: "evil.example").status == 421)
        #expect(try open.ask("GET", "/healthz", host: "evil.example").status == 200)
        let pause = "/api/v1/routes/orders/pause"
        #expect(try open.ask("POST", pause, type: "text/plain").status == 415)
        #expect(try open.post(pause, headers: ["origin: http://evil.example"]).status == 403)
        #expect(try open.post(pause, headers: ["sec-fetch-site: cross-site"]).status == 403)
        #expect(try open.get(pause).status == 405)
        #expect(try open.post("/api/v1/routes/nosuch/pause").status == 404)
        try eventually("reading, and not paused") { try open.state() == "reading" }

        let token = try scene.directory.write("hunter2-of-the-admin\n", to: "token")
        scene.file.admin = "{ listen: \"127.0.0.1:0\", token: { file: \"\(token)\" } }"
        let closed = try AdminProbe(try scene.run(as: "b"))
        for path in ["/api/v1/status", "/metrics", "/api/v1/events"] {
            #expect(try closed.get(path).status == 401)
            #expect(try closed.ask("GET", path, headers: ["authorization: Bearer wrong"]).status == 401)
        }
        #expect(try closed.post(pause).status == 401)
        let bearer = "authorization: Bearer hunter2-of-the-admin"
        #expect(try closed.ask("GET", "/api/v1/status", host: "bridge.internal", headers: [bearer]).status == 200)
        try eventually("it is ready, as probes without a token see") { try closed.get("/readyz").status == 200 }
        let tail = try CommandResult(
            .footbridge([
                "tail", "--no-follow", "-c",
                scene.directory.write(
                    scene.file.text.replacingOccurrences(of: "127.0.0.1:0", with: "127.0.0.1:\(closed.port)"),
                    to: "t.yaml"),
            ]))
        #expect(tail.exit == .status(0))
    }

    @Test func `the configuration is read again, and what is wrong with it is said`() throws {
        let scene = try scene()
        let admin = try AdminProbe(try scene.run())
        try eventually("running") { try admin.state() == "reading" }
        scene.file.route.keys["concurrency"] = "7"
        _ = try scene.writeFile()
        let taken = try admin.post("/api/v1/reload")
        #expect(taken.status == 200 && taken.body.contains("changed orders"))
        try eventually("in effect") { try admin.route()["concurrency"] as? Int == 7 }
        scene.file.route.keys["concurrency"] = "many"
        _ = try scene.writeFile()
        let refused = try admin.post("/api/v1/reload")
        #expect(refused.status == 409 && refused.body.contains("routes.orders.concurrency"))
        #expect(try admin.route()["concurrency"] as? Int == 7)
        #expect(try admin.get("/api/v1/reload").status == 405)
    }
}
