import Testing

@testable import FootbridgeHTTP

@Suite struct RequestParserTests {
    private enum Step: Equatable {
        case request(RequestParser.Request)
        case failure(Int)
    }

    /// What comes of these bytes when they arrive in these portions.
    private func steps(_ portions: [[UInt8]], _ limits: HTTPLimits = HTTPLimits()) -> [Step] {
        var (parser, steps) = (RequestParser(limits: limits), [Step]())
        for portion in portions {
            parser.append(portion)
            do throws(HTTPError) {
                while let request = try parser.next() { steps.append(.request(request)) }
            } catch {
                return steps + [.failure(error.status)]
            }
        }
        return steps
    }

    private func steps(_ text: String, _ limits: HTTPLimits = HTTPLimits()) -> [Step] {
        steps([Array(text.utf8)], limits)
    }

    private func request(
        _ method: String, _ path: String, target: String? = nil, query: [String: String] = [:],
        headers: [String: String] = [:],
        body: String = "", keepsAlive: Bool = true, takesChunks: Bool = true
    ) -> Step {
        let headers = headers.merging(["host": "a"]) { given, _ in given }
        return .request(
            RequestParser.Request(
                request: HTTPRequest(
                    method: method, target: target, path: path, query: query, headers: headers,
                    body: Array(body.utf8)),
                keepsAlive: keepsAlive, takesChunks: takesChunks))
    }

    @Test func `a request is its parts`() {
        let text =
            "GET /api/v1/routes/a%2Fb?limit=5&entry=1-0&q=a+b%26c&limit=6&x HTTP/1.1\r\nHost: a\r\nX-Y:  z \r\n\r\n"
        let query = ["limit": "5", "entry": "1-0", "q": "a b&c", "x": ""]
        let target = "/api/v1/routes/a%2Fb?limit=5&entry=1-0&q=a+b%26c&limit=6&x"
        #expect(
            steps(text) == [
                request("GET", "/api/v1/routes/a%2Fb", target: target, query: query, headers: ["x-y": "z"])
            ])
    }

    @Test(arguments: [
        ("GET http://b:1/x?y=1 HTTP/1.1\r\nHost: a\r\n\r\n", "/x", "b:1"),
        ("GET HTTP://b HTTP/1.1\r\nHost: a\r\n\r\n", "/", "b"),
    ])
    func `the host of a whole URL counts`(text: String, path: String, host: String) {
        let query = text.contains("?") ? ["y": "1"] : [:]
        let target = text.split(separator: " ").dropFirst().first.map(String.init)
        #expect(steps(text) == [request("GET", path, target: target, query: query, headers: ["host": host])])
    }

    @Test(arguments: [
        ("HTTP/1.1", "x: y", true, true), ("HTTP/1.1", "connection: close", false, true),
        ("HTTP/1.1", "Connection: TE, Close", false, true), ("HTTP/1.1", "connection: closed", true, true),
        ("HTTP/1.0", "connection: keep-alive", false, false),
    ])
    func `a connection is kept unless somebody says otherwise`(
        version: String, header: String, keepsAlive: Bool, takesChunks: Bool
    ) throws {
        guard case .request(let found)? = steps("GET / \(version)\r\nhost: a\r\n\(header)\r\n\r\n").first else {
            Issue.record("no request")
            return
        }
        #expect(found.keepsAlive == keepsAlive)
        #expect(found.takesChunks == takesChunks)
    }

    private static let several = """
        \r\nPOST /one HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello\r
        POST /two?a=b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n0A\r\n0123456789\r\n\
        0\r\nTrailer: x\r\n\r\nHEAD /three HTTP/1.1\r\nhost:a\r\n\r\nGET /four HTTP/1.1\r\nhost: a\r\nbroken\r\n\r\n
        """

    @Test func `requests are the same wherever their bytes are split`() {
        let bytes = Array(Self.several.utf8)
        let expected = [
            request("POST", "/one", headers: ["content-length": "5"], body: "hello"),
            request(
                "POST", "/two", target: "/two?a=b", query: ["a": "b"], headers: ["transfer-encoding": "Chunked"],
                body: "abc0123456789"),
            request("HEAD", "/three"), .failure(400),
        ]
        #expect(steps([bytes]) == expected)
        #expect(steps(bytes.map { [$0] }) == expected)
        for first in bytes.indices {
            #expect(steps([Array(bytes[..<first]), Array(bytes[first...])]) == expected, "split at \(first)")
            // And in three, the one in the middle short.
            let second = min(first + 3, bytes.count)
            #expect(
                steps([Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])]) == expected,
                "split at \(first) and \(second)")
        }
    }

    @Test(arguments: [
        ("a%2Bb+c%20d", "a+b c d"), ("%C3%bc", "ü"), ("100%", "100%"), ("%4", "%4"), ("%zz+%41", "%zz %41"),
        ("%ff", "%ff"), ("%+1", "% 1"),
    ])
    func `what a query says is decoded, or left as it is`(sent: String, meant: String) {
        guard case .request(let found)? = steps("GET /?q=\(sent) HTTP/1.1\r\nhost: a\r\n\r\n").first else {
            Issue.record("no request")
            return
        }
        #expect(found.request.query == ["q": meant])
    }

    @Test func `a request without a host is taken where none is needed`() {
        var limits = HTTPLimits()
        limits.needsHost = false
        guard case .request(let found)? = steps("GET /x HTTP/1.1\r\n\r\n", limits).first else {
            Issue.record("no request")
            return
        }
        #expect(found.request.path == "/x")
        #expect(found.request.headers.isEmpty)
    }

    static let hostile: [(String, Int)] = [
        // RFC 9112, 6.3: two ways to say where a body ends.
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nContent-Length: 3\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3, 3\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -3\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +3\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0x3\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length:\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ٣\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1048577\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n", 501),
        ("POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0x1\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\nx\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxy\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFF\r\n", 413),
        // RFC 9112, 5: how a field stands there.
        ("GET / HTTP/1.1\r\nhost : a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n host: a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nhost: a\r\n\tfolded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nno colon\r\n\r\n", 400), ("GET / HTTP/1.1\r\nhost: a\r\n: x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nx: y\r\n\r\n", 400),
        ("GET / HTTP/1.1\nhost: a\n\n", 400), ("GET / HTTP/1.1\r\nhost: a\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\rx: y\r\n\r\n", 400), ("GET / HTTP/1.1\r\nhost: a\u{0}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n", 400),
        // RFC 9112, 3: the first line.
        ("GET  / HTTP/1.1\r\nhost: a\r\n\r\n", 400), ("GET / \r\nhost: a\r\n\r\n", 400),
        ("GET /\r\nhost: a\r\n\r\n", 400), ("GET x HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        ("G(T / HTTP/1.1\r\nhost: a\r\n\r\n", 400), ("GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        ("GET /ä HTTP/1.1\r\nhost: a\r\n\r\n", 400), ("CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        ("GET http:///x HTTP/1.1\r\nhost: a\r\n\r\n", 400), ("GET http://b@c/ HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505), ("GET / HTTP/1.2\r\nhost: a\r\n\r\n", 505),
        ("GET / http/1.1\r\nhost: a\r\n\r\n", 400), ("\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: a\r\nexpect: 200-ok\r\ncontent-length: 1\r\n\r\n", 417),
        // A client of TLS.
        ("\u{16}\u{3}\u{1}", 400),
    ]

    @Test(arguments: hostile) func `what could be read in two ways is refused`(text: String, status: Int) {
        #expect(steps(text) == [.failure(status)])
        #expect(steps(text.utf8.map { [$0] }) == [.failure(status)])
    }

    @Test func `a head may be as long as the limit says and no longer`() {
        let limits = HTTPLimits()
        func head(_ bytes: Int) -> String {
            let frame = "GET / HTTP/1.1\r\nhost: a\r\nx: \r\n\r\n"
            // CR and LF are one character.
            return frame.dropLast(2) + String(repeating: "y", count: bytes - frame.utf8.count) + "\r\n\r\n"
        }
        #expect(steps(head(limits.headBytes)).count == 1)
        #expect(steps(head(limits.headBytes)) != [.failure(431)])
        for text in [head(limits.headBytes + 1), String(repeating: "x", count: limits.headBytes + 1)] {
            #expect(steps(text) == [.failure(431)])
            #expect(steps(text.utf8.map { [$0] }) == [.failure(431)])
        }
        let fields = String(repeating: "x: y\r\n", count: limits.headerFields)
        #expect(steps("GET / HTTP/1.1\r\nhost: a\r\n\(fields)\r\n") == [.failure(431)])
    }

    @Test func `a body may be as long as the limit says and no longer, in chunks, too`() {
        var limits = HTTPLimits()
        (limits.bodyBytes, limits.headBytes) = (10, 100)
        let start = "POST / HTTP/1.1\r\nhost: a\r\n"
        #expect(steps("\(start)content-length: 10\r\n\r\n0123456789", limits).count == 1)
        #expect(steps("\(start)content-length: 11\r\n\r\n", limits) == [.failure(413)])
        let chunks = "\(start)transfer-encoding: chunked\r\n\r\n6\r\n012345\r\n"
        #expect(
            steps("\(chunks)4\r\n6789\r\n0\r\n\r\n", limits) == [
                request("POST", "/", headers: ["transfer-encoding": "chunked"], body: "0123456789")
            ])
        #expect(steps("\(chunks)5\r\n", limits) == [.failure(413)])
        let trailers = String(repeating: "trailer: \(String(repeating: "x", count: 40))\r\n", count: 3)
        #expect(steps("\(chunks)0\r\n\(trailers)", limits) == [.failure(431)])
        #expect(steps("\(chunks)1;\(String(repeating: "x", count: 2000))", limits) == [.failure(400)])
    }

    @Test func `a client that waits for a word gets it once`() throws {
        let parser = Feed()
        let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-Continue\r\ncontent-length: 2\r\n\r\n"
        #expect(try parser.give(head) == nil)
        #expect(parser.takeContinue())
        #expect(!parser.takeContinue())
        #expect(try parser.give("ab")?.request.body == Array("ab".utf8))
        // Nobody waits any more if the body came along.
        #expect(try parser.give("\(head)ab") != nil)
        #expect(!parser.takeContinue())
    }

    @Test func `what is waited for is known`() throws {
        let parser = Feed()
        #expect(parser.phase == .idle)
        #expect(try parser.give("POST / HTTP/1.1\r\n") == nil)
        #expect(parser.phase == .head)
        #expect(try parser.give("host: a\r\ncontent-length: 2\r\n\r\na") == nil)
        #expect(parser.phase == .body)
        #expect(try parser.give("b") != nil)
        #expect(parser.phase == .idle)
        #expect(parser.heldBytes == 0)
    }
}

/// A parser that expectations can change.
private final class Feed {
    private var parser = RequestParser()
    var phase: RequestParser.Phase { parser.phase }
    var heldBytes: Int { parser.heldBytes }

    func give(_ text: String) throws -> RequestParser.Request? {
        parser.append(text.utf8)
        return try parser.next()
    }

    func takeContinue() -> Bool { parser.takeContinue() }
}
