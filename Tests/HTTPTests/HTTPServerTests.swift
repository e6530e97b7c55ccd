import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FootbridgeHTTP

private final class Answer: Sendable {
    let text = Mutex("")
}

private final class Reasons: Sendable {
    let all = Mutex<[HTTPError]>([])
}

@Suite struct HTTPServerTests {
    /// Runs a server while `body` asks it, on a thread of its own.
    private func serve(
        _ limits: HTTPLimits = HTTPLimits(), _ handler: @escaping HTTPServer.Handler = Self.echo,
        refusal: @escaping HTTPServer.Refusal = { .text($0.status, $0.message) },
        _ body: @escaping @Sendable (UInt16) throws -> Void
    ) async throws {
        let socket = try ListeningSocket.listening(at: HostPort(host: "127.0.0.1", port: 0))
        let port = try #require(socket.address?.port)
        let server = try HTTPServer(socket, name: "test", limits: limits, refusal: refusal, handler: handler)
        try server.start()
        do {
            try await onThread { try body(port) }
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private static let echo: HTTPServer.Handler = { request in
        var answer = HTTPAnswer.text(200, "\(request.method) \(request.path) \(request.body.count)")
        answer.hasBody = request.method != "HEAD"
        return answer
    }

    private static func get(_ path: String, port: UInt16) throws -> String {
        try exchange("GET \(path) HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", port: port)
    }

    /// Reads until there is this in what came.
    @discardableResult
    private static func read(_ socket: StreamSocket, until text: String) throws -> String {
        var all = ""
        while !all.contains(text) {
            let bytes = try socket.receive()
            guard !bytes.isEmpty else { throw TestSupportError("the end, before \(text): \(all)") }
            all += String(decoding: bytes, as: UTF8.self)
        }
        return all
    }

    private static func connected(_ port: UInt16) throws -> StreamSocket {
        let socket = try StreamSocket.connected(port: port)
        socket.limit(.seconds(20))
        return socket
    }

    @Test func `one connection serves many requests, also those sent at once`() async throws {
        try await serve { port in
            let all = try exchange(
                "GET /1 HTTP/1.1\r\nhost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nhost: a\r\n\r\n"
                    + "POST /3 HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nab"
                    + "GET /4 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nGET /5 HTTP/1.1\r\nhost: a\r\n\r\n",
                port: port)
            let answers = all.components(separatedBy: "HTTP/1.1 200 OK\r\n").dropFirst()
            #expect(
                answers.map { String($0.split(separator: "\r\n\r\n").dropFirst().first ?? "") }
                    == ["GET /1 0", "", "POST /3 2", "GET /4 0"])
            #expect(answers.allSatisfy { $0.contains("Date: ") && $0.contains("Content-Length: ") })
            #expect(answers.map { $0.contains("Connection: close") } == [false, false, false, true])
        }
    }

    @Test func `a connection of HTTP 1.0 is closed after its answer`() async throws {
        try await serve { port in
            let answer = try exchange("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", port: port)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\r\nConnection: close\r\n"))
        }
    }

    @Test func `a client that expects it is told to go on`() async throws {
        try await serve { port in
            let socket = try Self.connected(port)
            let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
            try socket.sendAll(Array(head.utf8))
            #expect(try Self.read(socket, until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try socket.sendAll(Array("ab".utf8))
            #expect(try Self.read(socket, until: "POST / 2").hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func `what is refused gets its reason, although more is being sent`() async throws {
        try await serve { port in
            let long = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2000000\r\n\r\n"
            let tooLong = try exchange(Array(head.utf8) + long, port: port)
            #expect(tooLong.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
            #expect(tooLong.hasSuffix("\r\n\r\nthe body may have 1048576 bytes"))
            let endless = try exchange(Array("GET / HTTP/1.1\r\nx: ".utf8) + long, port: port)
            #expect(endless.hasPrefix("HTTP/1.1 431 Request Header Fields Too Large\r\n"))
            #expect(endless.contains("\r\nConnection: close\r\n"))
        }
    }

    @Test func `where nothing is to be said to it, the connection ends`() async throws {
        let reasons = Reasons()
        let refusal: HTTPServer.Refusal = { error in
            reasons.all.withLock { $0.append(error) }
            return nil
        }
        try await serve(HTTPLimits(), Self.echo, refusal: refusal) { port in
            let none = try exchange("hello\r\n\r\n", port: port)
            #expect(none == "")
            let good = "GET / HTTP/1.1\r\nhost: a\r\n\r\n"
            let one = try exchange(good + "no\r\n\r\n" + good, port: port)
            #expect(one.hasPrefix("HTTP/1.1 200 OK\r\n") && one.hasSuffix("\r\n\r\nGET / 0"))
        }
        #expect(
            reasons.all.withLock { $0 }
                == [HTTPError](repeating: .init(400, "not the first line of a request"), count: 2))
    }

    @Test func `where bodies are cut, what is too long is read to its end`() async throws {
        var limits = HTTPLimits()
        (limits.bodyBytes, limits.cutsBodies) = (10, true)
        let handler: HTTPServer.Handler = { .text(200, "\(String(decoding: $0.body, as: UTF8.self)) \($0.bodyBytes)") }
        try await serve(limits, handler) { port in
            let long = String(repeating: "abcdefgh", count: 250_000)
            let socket = try Self.connected(port)
            let head = "POST / HTTP/1.1\r\nhost: a\r\n"
            try socket.sendAll(Array("\(head)content-length: 2000000\r\n\r\n\(long)".utf8))
            try Self.read(socket, until: "\r\n\r\nabcdefghab 2000000")
            try socket.sendAll(
                Array("\(head)transfer-encoding: chunked\r\n\r\n8\r\nabcdefgh\r\n8\r\nabcdefgh\r\n0\r\n\r\n".utf8))
            try Self.read(socket, until: "\r\n\r\nabcdefghab 16")
        }
    }

    @Test func `a server that has no time to stop takes the answers under way along`() async throws {
        let socket = try ListeningSocket.listening(at: HostPort(host: "127.0.0.1", port: 0))
        let port = try #require(socket.address?.port)
        let (isAsked, isCancelled) = (Gate(), Gate())
        let server = try HTTPServer(socket, name: "test", refusal: { _ in nil }) { _ in
            isAsked.open()
            try? await Task.sleep(for: .seconds(3600))
            isCancelled.open()
            return .text(200, "late")
        }
        try server.start()
        let asking = Task { try await onThread { try Self.get("/", port: port) } }
        _ = try await onThread { isAsked.wait() }
        await server.stop(within: .zero)
        let (answer, ended) = (try await asking.value, try await onThread { isCancelled.wait() })
        #expect(answer == "" && ended)
    }

    @Test func `a request that does not come in time is told so, and a connection without one is closed`() async throws
    {
        var limits = HTTPLimits()
        (limits.headTime, limits.bodyTime) = (.milliseconds(200), .milliseconds(300))
        limits.idleTime = .milliseconds(400)
        try await serve(limits) { port in
            let late = "HTTP/1.1 408 Request Timeout\r\n"
            #expect(try exchange("GET / HTTP/1.1\r\n", port: port).hasPrefix(late))
            let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\na"
            #expect(try exchange(head, port: port).hasPrefix(late))
            #expect(try exchange("", port: port) == "")
            let kept = try exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n", port: port)
            #expect(kept.hasSuffix("GET / 0"))
        }
    }

    @Test func `a client that goes on byte by byte gains no time by it`() async throws {
        var limits = HTTPLimits()
        limits.headTime = .milliseconds(500)
        try await serve(limits) { port in
            let socket = try Self.connected(port)
            let start = ContinuousClock.now
            _ = try? {
                for byte in String(repeating: "GET / HTTP/1.1 ", count: 100).utf8 {
                    try socket.sendAll([byte])
                    letPass(.milliseconds(50))
                    guard ContinuousClock.now - start < .seconds(10) else { break }
                }
            }()
            #expect(ContinuousClock.now - start < .seconds(8))
        }
    }

    @Test func `a new client takes the place of the one that has waited longest`() async throws {
        var limits = HTTPLimits()
        limits.connections = 4
        try await serve(limits) { port in
            let idle = try (0..<4).map { _ in try Self.connected(port) }
            // Each has had an answer: all of them are known to the server, in this order.
            for socket in idle {
                try socket.sendAll(Array("GET / HTTP/1.1\r\nhost: a\r\n\r\n".utf8))
                try Self.read(socket, until: "GET / 0")
            }
            #expect(try Self.get("/new", port: port).hasSuffix("GET /new 0"))
            #expect(try idle[0].receive() == [])
            try idle[3].sendAll(Array("GET /again HTTP/1.1\r\nhost: a\r\n\r\n".utf8))
            try Self.read(idle[3], until: "GET /again 0")
        }
    }

    @Test func `without a place to take a client is turned away`() async throws {
        var limits = HTTPLimits()
        limits.connections = 2
        let gate = Gate()
        let handler: HTTPServer.Handler = { request in
            if request.path == "/wait" { _ = try? await onThread { gate.wait() } }
            return await Self.echo(request)
        }
        try await serve(limits, handler) { port in
            defer { gate.open() }
            let busy = try (0..<2).map { _ in try Self.connected(port) }
            for socket in busy { try socket.sendAll(Array("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n".utf8)) }
            let refused = try Self.connected(port)
            try Self.read(refused, until: "HTTP/1.1 503 Service Unavailable\r\n")
            gate.open()
            for socket in busy { try Self.read(socket, until: "GET /wait 0") }
        }
    }

    @Test func `who has just sent a request keeps its place`() async throws {
        var limits = HTTPLimits()
        limits.connections = 4
        let refusals = [(begun: Gate(), mayEnd: Gate()), (begun: Gate(), mayEnd: Gate())]
        let count = Mutex(0)
        // Says no on the server's own thread, which does nothing else meanwhile.
        let refusal: HTTPServer.Refusal = { error in
            let (begun, mayEnd) = refusals[
                count.withLock { count in
                    defer { count += 1 }
                    return count
                }]
            begun.open()
            _ = mayEnd.wait()
            return .text(error.status, error.message)
        }
        try await serve(limits, refusal: refusal) { port in
            defer { for refusal in refusals { refusal.mayEnd.open() } }
            let bad = Array("bad\r\n\r\n".utf8)
            let waiting = try (0..<2).map { _ in try Self.connected(port) }
            let first = try Self.connected(port)
            // After its answer it has waited less than the others.
            try first.sendAll(Array("GET / HTTP/1.1\r\nhost: a\r\n\r\n".utf8))
            try Self.read(first, until: "GET / 0")
            try first.sendAll(bad)
            #expect(refusals[0].begun.wait())
            // The other one is refused while the server accepts, so that the next one is accepted in the same round.
            let second = try Self.connected(port)
            try second.sendAll(bad)
            refusals[0].mayEnd.open()
            #expect(refusals[1].begun.wait())
            for socket in waiting { try socket.sendAll(Array("GET /late HTTP/1.1\r\nhost: a\r\n\r\n".utf8)) }
            let new = try Self.connected(port)
            try new.sendAll(Array("GET /new HTTP/1.1\r\nhost: a\r\n\r\n".utf8))
            refusals[1].mayEnd.open()
            for socket in waiting { try Self.read(socket, until: "GET /late 0") }
            try Self.read(new, until: "GET /new 0")
            // The places of these two, of which the first is gone by now, were taken until here.
            withExtendedLifetime((first, second)) {}
        }
    }

    @Test func `requests come in a measured pace, each client's in turn`() async throws {
        var limits = HTTPLimits()
        (limits.rate, limits.burst) = (20, 1)
        try await serve(limits) { port in
            let (all, duration) = try { () throws -> (String, Duration) in
                let start = ContinuousClock.now
                let many = String(repeating: "GET / HTTP/1.1\r\nhost: a\r\n\r\n", count: 10)
                let all = try exchange(many + "GET / HTTP/1.0\r\n\r\n", port: port)
                return (all, .now - start)
            }()
            #expect(all.components(separatedBy: "HTTP/1.1 200 OK").count == 12)
            #expect(duration >= .milliseconds(490))
        }
    }

    // MARK: - Answers without an end

    /// Events that come as soon as they are asked for.
    private static func endless(_ ended: Gate? = nil, bytes: Int = 10) -> HTTPServer.Handler {
        return { request in
            guard request.path == "/events" else { return await Self.echo(request) }
            let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(4))
            let task = Task {
                while !Task.isCancelled {
                    continuation.yield([UInt8](repeating: UInt8(ascii: "e"), count: bytes))
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
            continuation.onTermination = { _ in
                task.cancel()
                ended?.open()
            }
            var answer = HTTPAnswer(status: 200, contentType: "text/event-stream", body: .parts(stream))
            answer.hasBody = request.method != "HEAD"
            return answer
        }
    }

    private static let events = Array("GET /events HTTP/1.1\r\nhost: a\r\n\r\n".utf8)

    @Test func `events come in chunks, and end with their reader`() async throws {
        let ended = Gate()
        try await serve(HTTPLimits(), Self.endless(ended)) { port in
            do {
                let socket = try Self.connected(port)
                try socket.sendAll(Self.events)
                let first = try Self.read(socket, until: "a\r\neeeeeeeeee\r\n")
                #expect(first.contains("\r\nTransfer-Encoding: chunked\r\n"))
            }
            #expect(ended.wait())
        }
    }

    @Test func `a question for the head of events leaves nothing behind`() async throws {
        let ended = Gate()
        try await serve(HTTPLimits(), Self.endless(ended)) { port in
            let answer = try exchange("HEAD /events HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", port: port)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
            #expect(ended.wait())
        }
    }

    @Test func `a server that stops ends its events in order`() async throws {
        let (read, done) = (Answer(), Gate())
        try await serve(HTTPLimits(), Self.endless()) { port in
            let socket = try Self.connected(port)
            try socket.sendAll(Self.events)
            let first = try Self.read(socket, until: "eeeeeeeeee")
            // Until the end, which comes once the server is told to stop.
            Thread.detachNewThread {
                var all = first
                while let bytes = try? socket.receive(), !bytes.isEmpty {
                    all += String(decoding: bytes, as: UTF8.self)
                }
                read.text.withLock { $0 = all }
                done.open()
            }
        }
        #expect(done.wait())
        #expect(read.text.withLock { $0.hasSuffix("\r\n0\r\n\r\n") })
    }

    @Test func `a reader that takes nothing is given up, and there are so many at most`() async throws {
        var limits = HTTPLimits()
        (limits.streams, limits.streamTime) = (1, .milliseconds(500))
        let ended = Gate()
        try await serve(limits, Self.endless(ended, bytes: 1 << 20)) { port in
            let socket = try Self.connected(port)
            try socket.sendAll(Self.events)
            #expect(try socket.receive(atMost: 100).count == 100)
            let second = try exchange("GET /events HTTP/1.0\r\n\r\n", port: port)
            #expect(second.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(second.contains("there are 1 event streams already"))
            #expect(ended.wait())
            #expect(try Self.get("/", port: port).hasSuffix("GET / 0"))
        }
    }

    @Test func `an answer that nobody takes is given up`() async throws {
        var limits = HTTPLimits()
        (limits.answerTime, limits.connections) = (.milliseconds(300), 1)
        let handler: HTTPServer.Handler = { request in
            request.path == "/" ? await Self.echo(request) : .text(200, String(repeating: "x", count: 64 << 20))
        }
        try await serve(limits, handler) { port in
            let socket = try Self.connected(port)
            try socket.sendAll(Array("GET /long HTTP/1.1\r\nhost: a\r\n\r\n".utf8))
            _ = try socket.receive(atMost: 10)
            // The only place is free again.
            try eventually("given up") { (try? Self.get("/", port: port))?.hasSuffix("GET / 0") == true }
        }
    }
}
