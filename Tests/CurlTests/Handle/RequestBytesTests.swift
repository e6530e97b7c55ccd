import Foundation
import LoopTestSupport
import Synchronization
import TestSupport
import Testing

@testable import FootbridgeCurl

/// What leaves the machine, byte for byte.
@Suite(.timeLimit(.minutes(1))) struct RequestBytesTests {
    /// The bytes of one request whose body has so many bytes, answered with 204.
    private func sent(
        _ method: String = "POST", path: String = "/hooks", fixed: [String] = ["Content-Type: text/plain"],
        headers: [(StaticString, String)] = [], body: [UInt8]
    ) async throws -> String {
        let received = Mutex<[UInt8]>([])
        let server = try StreamServer { connection in
            var bytes: [UInt8] = []
            while true {
                if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)), bytes.count >= end.upperBound + body.count {
                    break
                }
                let more = try connection.receive()
                guard !more.isEmpty else { break }
                bytes += more
            }
            received.withLock { $0 = bytes }
            try connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            try connection.expectEnd()
        }
        let options = TransferOptions(url: "http://127.0.0.1:\(server.port)\(path)", method: method, headers: fixed)
        let result = try await transfer(options, headers: headers, body: body)
        #expect(result == .success(TransferResponse(status: 204, bodyHead: [], isTruncated: false)))
        #expect(try await server.failures() == [])
        let text = received.withLock { String(decoding: $0, as: UTF8.self) }
        return text.replacingOccurrences(of: ":\(server.port)\r\n", with: ":PORT\r\n")
    }

    @Test func `a request is its lines, what the entry adds first, and the body`() async throws {
        let bytes = try await sent(
            path: "/hooks/a%20b/../c?x=1&y=%2F", fixed: ["Content-Type: application/json", "User-Agent: Footbridge/0"],
            headers: [("webhook-id", "msg_1"), ("webhook-attempt", "2")], body: Array(#"{"a":"b"}"#.utf8))
        #expect(
            bytes == """
                POST /hooks/a%20b/../c?x=1&y=%2F HTTP/1.1\r
                Host: 127.0.0.1:PORT\r
                Accept: */*\r
                webhook-id: msg_1\r
                webhook-attempt: 2\r
                Content-Type: application/json\r
                User-Agent: Footbridge/0\r
                Content-Length: 9\r
                \r
                {"a":"b"}
                """)
    }

    @Test(arguments: ["PUT", "PATCH", "DELETE", "GET"]) func `any method carries the body`(method: String) async throws
    {
        #expect(
            try await sent(method, body: Array("abc".utf8))
                == "\(method) /hooks HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAccept: */*\r\nContent-Type: text/plain\r\n"
                + "Content-Length: 3\r\n\r\nabc")
    }

    @Test func `an empty body has a length of zero`() async throws {
        #expect(try await sent(body: []).hasSuffix("\r\nContent-Length: 0\r\n\r\n"))
    }

    @Test func `a header without a value and one that replaces libcurl's own`() async throws {
        let bytes = try await sent(
            fixed: ["Content-Type: a/b", "X-Empty;", "Accept: text/html", "Host: example.com"], body: [])
        #expect(
            bytes
                == "POST /hooks HTTP/1.1\r\nHost: example.com\r\nContent-Type: a/b\r\nX-Empty:\r\nAccept: text/html\r\n"
                + "Content-Length: 0\r\n\r\n")
    }

    @Test func `bytes of all kinds arrive as they are`() async throws {
        let body: [UInt8] = (0..<1_048_576).map { UInt8($0 % 256) } + [0, 0, 13, 10, 13, 10, 0]
        let receiver = try ScriptedReceiver()
        #expect(try await transfer(TransferOptions(url: receiver.url), body: body).response?.status == 200)
        #expect(receiver.ledger.map(\.body) == [body])
    }

    /// Above 1 MiB libcurl 7.88.1 asks for leave (EXPECT_100_THRESHOLD in lib/http.h).
    @Test func `a large body is sent without asking for leave`() async throws {
        let receiver = try ScriptedReceiver()
        let body = [UInt8](repeating: 0x61, count: 3 << 20)
        let start = ContinuousClock.now
        #expect(try await transfer(TransferOptions(url: receiver.url), body: body).response?.status == 200)
        #expect(receiver.ledger.map { $0["expect"] } == [nil])
        #expect(receiver.ledger.map(\.body.count) == [3 << 20])
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test func `a redirect is an answer and not followed`() async throws {
        let receiver = try ScriptedReceiver { _ in .answer(307, headers: ["location": "/elsewhere"]) }
        #expect(try await transfer(receiver.url).response?.status == 307)
        #expect(receiver.ledger.map(\.path) == ["/hooks"])
    }

    /// In a process of its own: the environment is everybody's.
    @Test func `a proxy in the environment is not used`() async throws {
        await #expect(processExitsWith: .success) {
            let proxy = try ScriptedReceiver { _ in .answer(502) }
            let receiver = try ScriptedReceiver()
            for name in ["http_proxy", "all_proxy", "ALL_PROXY"] { setenv(name, "http://127.0.0.1:\(proxy.port)", 1) }
            #expect(try await transfer(receiver.url).response?.status == 200)
            #expect(proxy.connections == 0)
        }
    }

    @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "\0"])
    func `a line break in a value is refused before anything is sent`(
        value: String
    ) async throws {
        let receiver = try ScriptedReceiver()
        let error = await #expect(throws: TransportFailure.self) {
            try await transfer(TransferOptions(url: receiver.url), headers: [("webhook-id", value)])
        }
        #expect(error?.kind == .invalid)
        let fixed = await #expect(throws: TransportFailure.self) {
            try await transfer(TransferOptions(url: receiver.url, headers: ["X-Env: \(value)"]))
        }
        #expect(fixed?.kind == .invalid)
        #expect(receiver.connections == 0)
    }

    @Test func `a handle serves again after a refused request`() async throws {
        let receiver = try ScriptedReceiver()
        let status = try await onLoop { [url = receiver.url] actor in
            let handle = try CurlHandle(loop: actor.loop, options: TransferOptions(url: url))
            #expect(throws: TransportFailure.self) { try handle.start(request([("webhook-id", "\n")])) { _ in } }
            #expect(!handle.isBusy)
            let result: TransferResult = try await callback {
                try handle.start(request([("webhook-id", "b")]), completion: $0)
            }
            return result.response?.status
        }
        #expect(status == 200)
        #expect(receiver.ledger.map(\.id) == ["b"])
    }
}
