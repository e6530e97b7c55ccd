import CCurl
import TestSupport
import Testing

@testable import Curl

/// Every way in which no answer comes.
@Suite(.timeLimit(.minutes(1))) struct TransportFailureTests {
    private func failure(_ action: ReceiverAction) async throws -> TransportFailure.Kind? {
        let receiver = try ScriptedReceiver { _ in action }
        return try await transfer(receiver.url).failureKind
    }

    @Test func `nobody listens`() async throws {
        let port = try RefusingPort()
        #expect(try await transfer("http://127.0.0.1:\(port.number)/").failureKind == .refused)
    }

    @Test func `an answer that does not come is a timeout`() async throws {
        let receiver = try ScriptedReceiver { _ in .hang }
        let start = ContinuousClock.now
        #expect(try await transfer(receiver.url, timeout: .milliseconds(200)).failureKind == .timedOut)
        #expect(ContinuousClock.now - start >= .milliseconds(200))
    }

    @Test func `an answer that does not end is a timeout, however busy it keeps the connection`() async throws {
        let receiver = try ScriptedReceiver { _ in
            .slow(200, body: String(repeating: "x", count: 10_000), pause: .milliseconds(2))
        }
        #expect(try await transfer(receiver.url, timeout: .milliseconds(400)).failureKind == .timedOut)
    }

    @Test func `a connection that does not come about is a timeout of its own`() async throws {
        let listener = try FullListener()
        let options = TransferOptions(
            url: "http://127.0.0.1:\(listener.port)/", timeout: .seconds(50), connectTimeout: .milliseconds(200))
        let start = ContinuousClock.now
        #expect(try await transfer(options).failureKind == .timedOut)
        #expect(ContinuousClock.now - start < .seconds(40))
    }

    @Test func `a reset, an end and half an answer are disconnections`() async throws {
        #expect(try await failure(.reset) == .disconnected)
        #expect(try await failure(.closeWithoutAnswer) == .disconnected)
        #expect(try await failure(.halfAnswer(200)) == .disconnected)
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "garbage\r\n\r\n", "HTTP/1.1 banana\r\n\r\n", "\0\0\0"])
    func `an answer that is not HTTP is neither an answer nor our fault`(text: String) async throws {
        #expect(try await failure(.raw(text)) == .other)
    }

    @Test(arguments: [
        "http://", "http://a b/", "not a url", "http://user:secret@127.0.0.1/", "http://127.0.0.1:99999/", "",
    ])
    func `a URL that cannot be called is invalid`(url: String) async throws {
        #expect(try await transfer(url).failureKind == .invalid)
    }

    /// libcurl itself would read the file.
    @Test(arguments: ["ftp://127.0.0.1/x", "file:///etc/hostname", "gopher://127.0.0.1/", "telnet://127.0.0.1/"])
    func `nothing but HTTP is spoken`(url: String) async throws {
        guard case .failure(let failure) = try await transfer(url) else {
            Issue.record("there was an answer")
            return
        }
        #expect(failure.code == CURLE_UNSUPPORTED_PROTOCOL.rawValue)
    }

    /// The classes are those of libcurl-errors(3), read for an HTTP sender.
    @Test(
        arguments: [
            (CURLE_COULDNT_RESOLVE_HOST, .unknownHost), (CURLE_COULDNT_CONNECT, .refused),
            (CURLE_OPERATION_TIMEDOUT, .timedOut), (CURLE_GOT_NOTHING, .disconnected),
            (CURLE_SEND_ERROR, .disconnected),
            (CURLE_RECV_ERROR, .disconnected), (CURLE_PARTIAL_FILE, .disconnected), (CURLE_HTTP2, .disconnected),
            (CURLE_PEER_FAILED_VERIFICATION, .certificate), (CURLE_SSL_CONNECT_ERROR, .tls),
            (CURLE_SSL_CACERT_BADFILE, .invalid), (CURLE_SSL_CERTPROBLEM, .invalid), (CURLE_URL_MALFORMAT, .invalid),
            (CURLE_OUT_OF_MEMORY, .other), (CURLE_WEIRD_SERVER_REPLY, .other), (CURLE_WRITE_ERROR, .other),
        ] as [(CURLcode, TransportFailure.Kind)])
    func `libcurl's numbers are classed`(code: CURLcode, kind: TransportFailure.Kind) {
        let failure = TransportFailure(code, detail: "in its words")
        #expect(failure == TransportFailure(kind: kind, code: code.rawValue, message: "in its words"))
    }
}
