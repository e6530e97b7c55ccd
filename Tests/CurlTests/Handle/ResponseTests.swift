import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

/// What comes back, in order and out of it.
@Suite(.timeLimit(.minutes(1))) struct ResponseTests {
    private let text = String(repeating: "0123456789", count: 10_000)

    private func answer(_ action: ReceiverAction, limit: Int = 64 * 1024) async throws -> TransferResult {
        let receiver = try ScriptedReceiver { _ in action }
        return try await transfer(receiver.url, responseLimitBytes: limit)
    }

    @Test func `status and the head of the body`() async throws {
        let body = Array("no such order".utf8)
        #expect(
            try await answer(.answer(422, body: "no such order"))
                == .success(TransferResponse(status: 422, bodyHead: body, isTruncated: false)))
    }

    @Test(arguments: [200, 503]) func `a body beyond the limit is cut, and the status still counts`(
        status: Int
    ) async throws {
        #expect(
            try await answer(.answer(status, body: text), limit: 50_000)
                == .success(
                    TransferResponse(status: status, bodyHead: Array(text.utf8.prefix(4096)), isTruncated: true)))
    }

    @Test func `a body of just the limit is whole`() async throws {
        let expected = TransferResponse(status: 200, bodyHead: Array(text.utf8.prefix(4096)), isTruncated: false)
        #expect(try await answer(.answer(200, body: text), limit: 100_000) == .success(expected))
    }

    @Test(arguments: [0, 1, 100]) func `no more than the limit is kept`(limit: Int) async throws {
        let expected = TransferResponse(status: 200, bodyHead: Array(text.utf8.prefix(limit)), isTruncated: true)
        #expect(try await answer(.answer(200, body: text), limit: limit) == .success(expected))
    }

    @Test func `a body that never ends is cut`() async throws {
        let server = try StreamServer { connection in
            _ = try connection.receive()
            try connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            while (try? connection.send("4\r\nabcd\r\n")) != nil {}
        }
        let result = try await transfer("http://127.0.0.1:\(server.port)/", responseLimitBytes: 1000)
        #expect(result.response?.status == 200)
        #expect(result.response?.isTruncated == true)
    }

    @Test func `headers without end are a failure`() async throws {
        let server = try StreamServer { connection in
            _ = try connection.receive()
            try connection.send("HTTP/1.1 200 OK\r\n")
            let line = "x-flood: \(String(repeating: "y", count: 1000))\r\n"
            while (try? connection.send(line)) != nil {}
        }
        let result = try await transfer("http://127.0.0.1:\(server.port)/")
        #expect(result.failureKind == .other)
    }

    @Test func `the end of the connection is the end of a body without a length`() async throws {
        #expect(
            try await answer(.raw("HTTP/1.1 200 OK\r\n\r\nabc"))
                == .success(TransferResponse(status: 200, bodyHead: Array("abc".utf8), isTruncated: false)))
    }

    @Test func `an interim answer is not the answer`() async throws {
        let result = try await answer(
            .raw("HTTP/1.1 103 Early Hints\r\nretry-after: 9\r\n\r\nHTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
        )
        #expect(result.response?.status == 202)
    }

    @Test func `an answer of pieces is put together`() async throws {
        let result = try await answer(.slow(201, body: "abc", pause: .milliseconds(1)))
        #expect(result == .success(TransferResponse(status: 201, bodyHead: Array("abc".utf8), isTruncated: false)))
    }

    @Test func `compressed bodies stay as they are`() async throws {
        let receiver = try ScriptedReceiver { _ in .answer(200, headers: ["content-encoding": "gzip"], body: "not gzip")
        }
        let result = try await transfer(receiver.url)
        #expect(result.response?.bodyHead == Array("not gzip".utf8))
        #expect(receiver.ledger.map { $0["accept-encoding"] } == [nil])
    }

    @Test func `headers are those of the last response, the last of several`() async throws {
        let receiver = try ScriptedReceiver { request in
            request.id == "1"
                ? .answer(503, headers: ["retry-after": "7", "Retry-After": "120", "x": "y"])
                : .answer(503, headers: ["x": "z"])
        }
        let values = try await onLoop { [url = receiver.url] actor in
            let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: url))
            var values: [String?] = []
            for id in ["1", "2"] {
                let _: TransferResult = try await callback {
                    try handle.start(request([("webhook-id", id)]), completion: $0)
                }
                values += [handle.responseHeader("RETRY-AFTER"), handle.responseHeader("x")]
            }
            return values
        }
        #expect(values == ["7", "y", nil, "z"])
    }
}
