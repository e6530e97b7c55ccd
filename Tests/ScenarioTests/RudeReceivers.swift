import TestSupport
import TestThreads
import Testing

/// Receivers that answer before they have read what they are sent.
@Suite(.serialized, .ownThreads) struct RudeReceivers {
    /// Python's `http.server` with HTTP/1.1 and a handler that reads no body: what it left is the beginning of the next
    /// request on the connection, which it answers with 400 or 501. It answers `status` for a second, then 200, and prints
    /// the ids of those.
    private static let script = """
        import http.server, os, sys, time
        status, end = int(sys.argv[1]), time.monotonic() + 1
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                answer = status if time.monotonic() < end else 200
                if answer == 200: os.write(1, (self.headers["webhook-id"] + "\\n").encode())
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()
            def log_message(self, *arguments): pass
        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
        server = Server(("127.0.0.1", 0), Handler)
        print(server.server_port, flush=True)
        server.serve_forever()
        """

    @Test(arguments: [200, 401, 503])
    func `nobody is buried for what a receiver left unread of others`(status: Int) throws {
        let count = 100
        let scene = try Scene()
        let python = try ChildProcess("python3", ["-c", Self.script, "\(status)"])
        try python.waitForOutput(containing: "\n")
        let port = try #require(python.output.split(separator: "\n").first)
        scene.file.route.url = "http://127.0.0.1:\(port)/hooks"
        scene.file.route.keys["concurrency"] = "8"
        scene.file.route.retry(attempts: 4, every: "100ms")
        try scene.redis.add(numbers: 0..<count)
        try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(15))
        let accepted = python.output.split(separator: "\n").dropFirst()
        #expect(Set(accepted).count == count)
        #expect(accepted.count == count)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `an answer of 2xx counts that comes before the end of a large body`() throws {
        let scene = try Scene()
        let receiver = try StreamServer { connection in
            connection.receiveInSmallPortions()
            _ = try connection.receive()
            try connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            connection.hang(.milliseconds(200))
            connection.resetAtEnd()
        }
        scene.file.route.url = "http://127.0.0.1:\(receiver.port)/hooks"
        scene.file.route.webhook["timeout"] = "4s"
        scene.file.route.retry(attempts: 2, every: "100ms", giveUp: "always")
        let value = [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20)
        for number in 0..<3 { try scene.redis.add([Field("n", "\(number)"), Field("large", value)]) }
        let bridge = try scene.run()
        try scene.waitUntilSettled()
        #expect(try bridge.stop() == .status(0))
        #expect(receiver.connections == 3)
        #expect(bridge.logs("summary").map { $0.metadata["delivered"] } == ["3"])
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }
}
