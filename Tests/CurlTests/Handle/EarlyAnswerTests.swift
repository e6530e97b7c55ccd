import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

/// Answers that come before the request was sent whole.
@Suite(.timeLimit(.minutes(1))) struct EarlyAnswerTests {
    private static let body = [UInt8](repeating: 0x61, count: 8 << 20)

    /// Answers once the request has begun, reads nothing more and closes: the unread bytes make that a reset. Not at once:
    /// a reset that comes between libcurl's look at the socket and its next write hides the answer.
    private func hasty(_ answer: String) throws -> StreamServer {
        try StreamServer { connection in
            _ = try connection.receive(exactly: 1000)
            try connection.send(answer)
            connection.hang(.milliseconds(200))
        }
    }

    private func send(to server: StreamServer, timeout: Duration = .seconds(15)) async throws -> TransferResult {
        try await transfer(
            TransferOptions(url: "http://127.0.0.1:\(server.port)/", timeout: timeout), body: Self.body)
    }

    /// The ends of a body are those of RFC 9112 §6.3.
    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, "ok"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, ""),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "ok"),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 200, ""),
            ("HTTP/1.0 200 OK\r\n\r\n", 200, ""),
            ("HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbig", 413, "big"),
            ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", 401, ""),
            ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n", 202, ""),
        ])
    func `a whole answer counts, though the receiver took no more of the body`(
        answer: String, status: Int, body: String
    ) async throws {
        let server = try hasty(answer)
        let expected = TransferResponse(
            status: status, bodyHead: Array(body.utf8), isTruncated: false, cameEarly: true)
        #expect(try await send(to: server) == .success(expected))
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        "HTTP/1.1 200 OK\r\ncontent-le",
    ])
    func `half an answer counts no more than later`(answer: String) async throws {
        let server = try hasty(answer)
        #expect(try await send(to: server).failureKind == .disconnected)
    }

    @Test func `a receiver that has answered and reads no more is not waited for beyond the timeout`() async throws {
        let server = try StreamServer { connection in
            connection.receiveInSmallPortions()
            _ = try connection.receive(exactly: 1000)
            try connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            connection.hang()
        }
        let expected = TransferResponse(status: 200, bodyHead: [], isTruncated: false, cameEarly: true)
        #expect(try await send(to: server, timeout: .seconds(1)) == .success(expected))
    }

    @Test func `who answers first and reads then gets all, and the next request on a new connection`() async throws {
        let received = Monitor<[Int]>([])
        let server = try StreamServer { connection in
            connection.receiveInSmallPortions()
            var count = try connection.receive(exactly: 1000).count
            try connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            while true {
                let bytes = try connection.receive(atMost: 1 << 20)
                count += bytes.count
                if bytes.isEmpty { break }
            }
            received.withLock { $0.append(count) }
        }
        let early = try await onLoop { [port = server.port] actor in
            let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: "http://127.0.0.1:\(port)/"))
            var early: [Bool?] = []
            for _ in 0..<2 {
                let result: TransferResult = try await callback {
                    try handle.start(request([], Self.body), completion: $0)
                }
                early.append(result.response?.cameEarly)
            }
            return early
        }
        #expect(early == [true, true])
        #expect(try await server.failures(ofConnections: 2) == [])
        #expect(received.value.count == 2 && received.value.allSatisfy { $0 > Self.body.count })
    }

    @Test func `an answer to the whole request did not come early`() async throws {
        let receiver = try ScriptedReceiver()
        let result = try await transfer(TransferOptions(url: receiver.url), body: Self.body)
        #expect(result == .success(TransferResponse(status: 200, bodyHead: [], isTruncated: false)))
    }
}
