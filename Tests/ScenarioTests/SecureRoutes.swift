import TestSupport
import TestThreads
import Testing

/// Routes with TLS options, proxies and unix sockets of their own, against a real nginx.
@Suite(.serialized, .ownThreads) struct SecureRoutes {
    private func nginx(_ scene: Scene, _ certificates: TLSCertificates, h2: Bool = false, _ lines: String = "") throws
        -> Nginx
    {
        try Nginx(
            listen: h2 ? "ssl http2" : "ssl",
            server: """
                ssl_protocols TLSv1.2 TLSv1.3;
                ssl_certificate \(certificates.serverCertificate); ssl_certificate_key \(certificates.serverKey);
                \(lines)
                """)
    }

    @Test func `a client certificate, an authority and a server name of the route's own`() throws {
        let scene = try Scene()
        let certificates = try TLSCertificates(in: scene.directory)
        let server = try nginx(
            scene, certificates, "ssl_client_certificate \(certificates.authority); ssl_verify_client on;")
        scene.file.route.url = "https://127.0.0.1:\(server.port)/hooks"
        scene.file.route.webhook["tls"] =
            "{ ca: ca.crt, cert: client.crt, key: client.key, server_name: localhost, min_version: 1.3 }"
        try scene.redis.add(numbers: 0..<10)
        try scene.run()
        try scene.waitUntilSettled()
        let requests = server.requests
        #expect(Set(requests.map(\.id)).count == 10)
        #expect(Set(requests.map(\.client)) == ["CN=client"])
        #expect(Set(requests.map(\.serverName)) == ["localhost"])
        #expect(Set(requests.map(\.host)) == ["127.0.0.1:\(server.port)"])
    }

    @Test func `an insecure route delivers, and is warned of by check and at the start`() throws {
        let scene = try Scene()
        let certificates = try TLSCertificates(in: scene.directory)
        let server = try nginx(scene, certificates)
        scene.file.route.url = "https://127.0.0.1:\(server.port)/hooks"
        scene.file.route.webhook["tls"] = "{ insecure: true }"
        try scene.redis.add(numbers: 0..<3)
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        #expect(server.requests.count == 3)
        let warning = bridge.logs("the configuration has something to look at").first
        #expect(warning?.level == "warning")
        #expect(warning?.metadata["key"] == "routes.orders.webhook.tls.insecure")
        let checked = try footbridge("check", "-c", scene.directory.file("a.yaml"))
        #expect(checked.exit == .status(0))
        #expect(checked.output.contains("  warn   routes.orders.webhook.tls.insecure: "))
    }

    @Test func `streams of HTTP 2 that the server refuses cost no attempt`() throws {
        let scene = try Scene()
        let certificates = try TLSCertificates(in: scene.directory)
        let server = try nginx(scene, certificates, h2: true, "keepalive_requests 25;")
        scene.file.route.url = "https://localhost:\(server.port)/hooks"
        scene.file.route.webhook["allow"] = "[localhost]"
        scene.file.route.webhook["tls"] = "{ ca: ca.crt }"
        scene.file.route.webhook["http_version"] = "2"
        scene.file.route.retry(attempts: 1, every: "50ms", giveUp: "always")
        let count = 2000
        try scene.redis.add(numbers: 0..<count)
        let bridge = try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(30))
        // nginx writes a request down after it has answered it.
        try eventually("all are written down") { Set(server.requests.map(\.id)).count == count }
        let requests = server.requests
        #expect(Set(requests.map(\.version)) == ["HTTP/2.0"])
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
        #expect(bridge.logs().filter { $0.level == "error" } == [])
        // Repeats of whole attempts: after a connection that ended before it said which requests it had not begun.
        #expect(Set(requests.map(\.attempt)) == ["1"])
    }

    @Test func `a unix socket`() throws {
        let scene = try Scene()
        let server = try Nginx(socket: scene.directory.file("app.sock"))
        scene.file.allow = nil
        scene.file.route.url = "http://app.example/hooks"
        scene.file.route.webhook["unix_socket"] = "app.sock"
        try scene.redis.add(numbers: 0..<10)
        try scene.run()
        try scene.waitUntilSettled()
        #expect(Set(server.requests.map(\.id)).count == 10)
        #expect(Set(server.requests.map(\.host)) == ["app.example"])
    }

    @Test func `a proxy carries what its route sends, and one that is away is an outage`() throws {
        let scene = try Scene()
        scene.file.allow = nil
        let proxy = scene.receiver
        scene.file.route.url = "http://hooks.example/in"
        scene.file.route.webhook["proxy"] = "\"http://127.0.0.1:\(proxy.port)\""
        proxy.stop()
        scene.file.level = "debug"
        try scene.redis.add(numbers: 0..<5)
        let bridge = try scene.run()
        try bridge.waitForOutput(containing: "the proxy fails: Failed to connect to 127.0.0.1", on: .error)
        try proxy.start()
        try proxy.waitFor(count: 5)
        try scene.waitUntilSettled()
        #expect(Set(proxy.ledger.map(\.path)) == ["http://hooks.example/in"])
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `a proxy of the environment is used if the route says so, and told of if it says nothing`() throws {
        let scene = try Scene()
        scene.file.routes = ["through", "direct", "unsaid"].map { name in
            BridgeFile.Route(name: name, streams: [name], url: "\(scene.receiver.url)/\(name)")
        }
        scene.file.routes[0].webhook["proxy"] = "environment"
        scene.file.routes[1].webhook["proxy"] = "none"
        let proxy = try ScriptedReceiver()
        for route in scene.file.routes { try scene.redis.add(numbers: [1], to: route.name) }
        let environment = ["http_proxy": "http://127.0.0.1:\(proxy.port)", "no_proxy": "", "NO_PROXY": ""]
        let bridge = try ChildProcess.footbridge(["run", "-c", scene.writeFile()], environment: environment)
        for route in scene.file.routes { try scene.waitUntilSettled(route) }
        #expect(proxy.ledger.map(\.path) == ["\(scene.receiver.url)/through"])
        #expect(Set(scene.receiver.ledger.map(\.path)) == ["/hooks/direct", "/hooks/unsaid"])
        #expect(
            bridge.logs("the configuration has something to look at").map { $0.metadata["key"] }
                == ["webhook.proxy"])
    }
}
