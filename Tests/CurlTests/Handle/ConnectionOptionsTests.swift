import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

/// TLS, proxies and unix sockets of a handle, against servers that others wrote where TLS is spoken.
@Suite(.timeLimit(.minutes(1))) struct ConnectionOptionsTests {
    private let directory: TemporaryDirectory
    private let certificates: TLSCertificates

    init() async throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        certificates = try await onThread { try TLSCertificates(in: directory) }
    }

    private var trusting: TLSOptions { TLSOptions(authorityFile: certificates.authority) }

    private func send(_ url: String, _ tls: TLSOptions, headers: [String] = []) async throws -> TransferResult {
        try await transfer(TransferOptions(url: url, connection: ConnectionOptions(tls: tls), headers: headers))
    }

    @Test func `a client certificate is shown, its key may be encrypted`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.http, certificates, asksClient: true) }
        let url = "https://localhost:\(server.port)/"
        var tls = trusting
        (tls.certificateFile, tls.keyFile) = (certificates.clientCertificate, certificates.clientKey)
        #expect(try await send(url, tls).response?.status == 200)
        tls.keyFile = directory.file("locked.key")
        try await onThread { [certificates, directory] in
            let words = ["ec", "-in", certificates.clientKey, "-aes256", "-passout", "pass:s3cret"]
            try ChildProcess("openssl", words + ["-out", directory.file("locked.key")]).waitForExit()
        }
        tls.keyPassword = "s3cret"
        #expect(try await send(url, tls).response?.status == 200)
        tls.keyPassword = "wrong"
        #expect(try await send(url, tls).failureKind == .invalid)
    }

    @Test func `the name that is asked for and verified may be another than the URL's`() async throws {
        let server = try await onThread { [certificates, directory] in
            let other = try certificates.forServer(named: "elsewhere.example", in: directory)
            return try TLSServer(.http, certificate: other.certificate, key: other.key)
        }
        let url = "https://localhost:\(server.port)/"
        var tls = trusting
        #expect(try await send(url, tls).failureKind == .certificate)
        tls.serverName = "elsewhere.example"
        #expect(try await send(url, tls).response?.bodyHead == Array("elsewhere.example".utf8))
        tls.serverName = "third.example"
        #expect(try await send(url, tls).failureKind == .certificate)
    }

    @Test(arguments: [
        (
            "https://a.example:8443/x/../y?z=1", "https://b.example:8443/x/../y?z=1", "b.example:8443:a.example:8443",
            "a.example:8443"
        ),
        ("https://a.example", "https://b.example/", "b.example:443:a.example:443", "a.example"),
        ("https://[2001:db8::1]/", "https://b.example/", "b.example:443:[2001:db8::1]:443", "[2001:db8::1]"),
    ])
    func `only the host is renamed`(url: String, renamed: String, connectTo: String, host: String) throws {
        let found = try #require(RenamedURL(url, serverName: "b.example"))
        #expect([found.url, found.connectTo, found.host] == [renamed, connectTo, host])
        #expect(RenamedURL(url, serverName: nil) == nil)
        #expect(RenamedURL("https://B.example/", serverName: "b.example") == nil)
    }

    @Test func `an insecure handle takes any certificate, and its connections are nobody else's`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.http, certificates) }
        let url = "https://localhost:\(server.port)/"
        let kinds = try await onLoop { actor in
            var kinds: [TransportFailure.Kind?] = []
            for isInsecure in [true, false, true] {
                let connection = ConnectionOptions(tls: TLSOptions(isInsecure: isInsecure))
                let handle = try CurlHandle(
                    loop: actor.loop, options: TransferOptions(url: url, connection: connection))
                let result: TransferResult = try await callback { try handle.start(request(), completion: $0) }
                kinds.append(result.failureKind)
            }
            return kinds
        }
        #expect(kinds == [nil, .certificate, nil])
    }

    /// The certificate is the same for both, so libcurl 7.88.1 would take the connection of the first for the second
    /// (CVE-2026-8932), whose key cannot be opened.
    @Test func `a connection with another key is not used`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.http, certificates, asksClient: true) }
        var first = trusting
        (first.certificateFile, first.keyFile) = (certificates.clientCertificate, certificates.clientKey)
        var second = first
        second.keyFile = directory.file("missing.key")
        let kinds = try await onLoop { [first, second] actor in
            var kinds: [TransportFailure.Kind?] = []
            for tls in [first, second] {
                let options = TransferOptions(
                    url: "https://localhost:\(server.port)/", connection: ConnectionOptions(tls: tls))
                let handle = try CurlHandle(loop: actor.loop, options: options)
                let result: TransferResult = try await callback { try handle.start(request(), completion: $0) }
                kinds.append(result.failureKind)
            }
            return kinds
        }
        #expect(kinds == [nil, .invalid])
    }

    @Test func `an older version than wanted is not spoken`() async throws {
        let server = try await onThread { [certificates] in
            try Nginx(
                listen: "ssl",
                server: """
                    ssl_certificate \(certificates.serverCertificate); ssl_certificate_key \(certificates.serverKey);
                    ssl_protocols TLSv1.2;
                    """)
        }
        var tls = trusting
        #expect(try await send("https://localhost:\(server.port)/", tls).response?.status == 200)
        tls.minimumVersion = .v13
        #expect(try await send("https://localhost:\(server.port)/", tls).failureKind == .tls)
    }

    @Test func `a unix socket takes the place of host and port`() async throws {
        let path = directory.file("app.sock")
        let server = try StreamServer(path: path) { connection in
            let head = String(decoding: try connection.receive(), as: UTF8.self)
            guard head.hasPrefix("POST /hooks HTTP/1.1\r\nHost: app.example\r\n") else { throw TestSupportError(head) }
            try connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        }
        // Judged or not: a path is no address.
        let connection = ConnectionOptions(unixSocket: path, addressGuard: AddressGuard())
        let options = TransferOptions(url: "http://app.example/hooks", connection: connection)
        #expect(try await transfer(options).response?.status == 200)
        #expect(try await server.failures() == [])
        var nobody = options
        nobody.connection.unixSocket = directory.file("nobody.sock")
        let failure = try await transfer(nobody).failure
        #expect(failure?.kind == .refused)
        #expect(failure?.message == "there is no unix socket \(directory.file("nobody.sock"))")
    }

    // MARK: - Proxies

    @Test func `through a proxy of HTTP goes CONNECT for TLS, and neither its answer nor our headers get mixed up`()
        async throws
    {
        let server = try await onThread { [certificates] in try TLSServer(.http, certificates) }
        let proxy = try StreamServer { connection in
            let head = String(decoding: try connection.receive(), as: UTF8.self)
            guard head.hasPrefix("CONNECT localhost:\(server.port) HTTP/1.1\r\n"),
                head.contains("Proxy-Authorization: Basic dXNlcjpzM2NyZXQ=\r\n"), !head.contains("X-Secret")
            else { throw TestSupportError(head) }
            try connection.send("HTTP/1.1 200 Connected\r\nx-proxy: 1\r\n\r\n")
            try connection.forward(to: server.port)
        }
        let connection = ConnectionOptions(tls: trusting, proxy: "http://user:s3cret@127.0.0.1:\(proxy.port)")
        let result = try await transfer(
            TransferOptions(
                url: "https://localhost:\(server.port)/", connection: connection, headers: ["X-Secret: hooks"]))
        #expect(result.response?.status == 200)
        #expect(result.response?.bodyHead == Array("localhost".utf8))
    }

    @Test(arguments: [403, 407, 502]) func `a proxy that does not let us through is told as that`(status: Int)
        async throws
    {
        let proxy = try StreamServer { connection in
            _ = try connection.receive()
            try connection.send("HTTP/1.1 \(status) No\r\ncontent-length: 0\r\n\r\n")
        }
        let connection = ConnectionOptions(proxy: "http://127.0.0.1:\(proxy.port)")
        let result = try await transfer(TransferOptions(url: "https://example.com/", connection: connection))
        #expect(result.failureKind == .proxy)
        #expect(result.failure?.message.contains("\(status)") == true)
    }

    /// RFC 1928.
    @Test func `through a proxy of SOCKS the name is looked up there with socks5h`() async throws {
        let receiver = try ScriptedReceiver()
        let proxy = try StreamServer { connection in
            _ = try connection.receive()
            try connection.send([5, 0])
            try connection.expect([5, 1, 0, 3, 14] + Array("hooks.internal".utf8) + [0, 80])
            try connection.send([5, 0, 0, 1, 127, 0, 0, 1, 0, 80])
            try connection.forward(to: receiver.port)
        }
        let connection = ConnectionOptions(proxy: "socks5h://127.0.0.1:\(proxy.port)", addressGuard: AddressGuard())
        let options = TransferOptions(url: "http://hooks.internal/", connection: connection)
        #expect(try await transfer(options).response?.status == 200)
        let refusing = try StreamServer { connection in
            _ = try connection.receive()
            try connection.send([5, 255])
        }
        var refused = options
        refused.connection.proxy = "socks5h://127.0.0.1:\(refusing.port)"
        #expect(try await transfer(refused).failureKind == .proxy)
    }

    // MARK: - HTTP/2

    private func h2(_ lines: String = "") async throws -> Nginx {
        try await onThread { [certificates] in
            try Nginx(
                listen: "ssl http2",
                server:
                    "ssl_certificate \(certificates.serverCertificate); ssl_certificate_key \(certificates.serverKey); \(lines)"
            )
        }
    }

    /// Sends so many requests over so many handles and gives what failed.
    private func flood(_ url: String, requests count: Int, handles: Int) async throws -> [String] {
        let connection = ConnectionOptions(httpVersion: .http2, tls: trusting)
        return try await onLoop { actor in
            let handles = try (0..<handles).map { _ in
                try CurlHandle(loop: actor.loop, options: TransferOptions(url: url, connection: connection))
            }
            var (next, ended, failures) = (0, 0, [String]())
            return try await callback { (done: @escaping ([String]) -> Void) in
                func send(_ handle: CurlHandle) throws {
                    guard next < count else { return }
                    let number = next
                    next += 1
                    try handle.start(request([("webhook-id", "\(number)")], Array("abc".utf8))) {
                        result in
                        if result.response?.status != 200 { failures.append("\(number): \(result)") }
                        ended += 1
                        if ended == count { return done(failures) }
                        actor.loop.schedule(after: .zero) { try? send(handle) }
                    }
                }
                for handle in handles { try send(handle) }
            }
        }
    }

    @Test func `requests share one connection of HTTP 2`() async throws {
        let server = try await h2()
        #expect(try await flood("https://localhost:\(server.port)/", requests: 200, handles: 16) == [])
        let requests = server.requests
        #expect(Set(requests.map(\.id)).count == 200)
        #expect(Set(requests.map(\.version)) == ["HTTP/2.0"])
        #expect(Set(requests.map(\.connection)).count == 1)
    }

    /// nginx ends each connection with GOAWAY; what it had not begun comes back as REFUSED_STREAM.
    @Test func `a connection that the server ends costs no request`() async throws {
        let server = try await h2("keepalive_requests 20;")
        let failures = try await flood("https://localhost:\(server.port)/", requests: 500, handles: 16)
        #expect(failures == [])
        let requests = server.requests
        #expect(Set(requests.map(\.id)).count == 500)
        #expect(requests.count == 500)
    }

    /// nginx sends the answer, its end, and RST_STREAM, for it has not read the body.
    @Test func `an answer before the body was read counts over HTTP 2`() async throws {
        let server = try await h2()
        let failures = try await flood("https://localhost:\(server.port)/early", requests: 40, handles: 4)
        #expect(failures == [])
        #expect(Set(server.requests.map(\.id)).count == 40)
    }

    @Test func `a server without HTTP 2 gets 1 dot 1`() async throws {
        let server = try await onThread { [certificates] in
            try Nginx(
                listen: "ssl",
                server:
                    "ssl_certificate \(certificates.serverCertificate); ssl_certificate_key \(certificates.serverKey);")
        }
        #expect(try await flood("https://localhost:\(server.port)/", requests: 20, handles: 4) == [])
        #expect(Set(server.requests.map(\.version)) == ["HTTP/1.1"])
    }
}
