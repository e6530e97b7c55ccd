import CFootbridgeCurl
import TestSupport
import Testing

@testable import FootbridgeCurl

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
        #expect(try await failure(.raw(text)) == .notHTTP)
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
            (CURLE_COULDNT_RESOLVE_HOST, .nameLookupFailed), (CURLE_COULDNT_CONNECT, .refused),
            (CURLE_OPERATION_TIMEDOUT, .timedOut), (CURLE_GOT_NOTHING, .disconnected),
            (CURLE_SEND_ERROR, .disconnected),
            (CURLE_RECV_ERROR, .disconnected), (CURLE_PARTIAL_FILE, .disconnected), (CURLE_HTTP2, .disconnected),
            (CURLE_PEER_FAILED_VERIFICATION, .certificate), (CURLE_SSL_CONNECT_ERROR, .tls),
            (CURLE_SSL_CACERT_BADFILE, .invalid), (CURLE_SSL_CERTPROBLEM, .invalid), (CURLE_URL_MALFORMAT, .invalid),
            (CURLE_OUT_OF_MEMORY, .ownLack), (CURLE_FAILED_INIT, .ownLack), (CURLE_WEIRD_SERVER_REPLY, .notHTTP),
            (CURLE_WRITE_ERROR, .other), (CURLE_PROXY, .proxy), (CURLE_COULDNT_RESOLVE_PROXY, .proxy),
        ] as [(CURLcode, TransportFailure.Kind)])
    func `libcurl's numbers are classed`(code: CURLcode, kind: TransportFailure.Kind) {
        let failure = TransportFailure(code, detail: "in its words")
        #expect(failure == TransportFailure(kind: kind, code: code.rawValue, message: "in its words"))
    }

    /// The words are those of libcurl 7.88.1 and OpenSSL 3.0 (err/openssl.txt, lib/vtls/openssl.c).
    @Test(
        arguments: [
            (CURLE_COULDNT_RESOLVE_HOST, "getaddrinfo() thread failed to start", .ownLack),
            (CURLE_UNSUPPORTED_PROTOCOL, "Received HTTP/0.9 when not allowed", .notHTTP),
            (CURLE_UNSUPPORTED_PROTOCOL, "Unsupported HTTP version in response", .notHTTP),
            (CURLE_UNSUPPORTED_PROTOCOL, "Protocol \"ftp\" not supported or disabled in libcurl", .invalid),
            (CURLE_SSL_CONNECT_ERROR, "error:0A00010B:SSL routines::wrong version number", .noTLS),
            (CURLE_SSL_CONNECT_ERROR, "error:0A0000C6:SSL routines::packet length too long", .noTLS),
            (CURLE_SSL_CONNECT_ERROR, "error:0A000410:SSL routines::sslv3 alert handshake failure", .tls),
            (
                CURLE_RECV_ERROR,
                "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
                .clientCertificateWanted
            ),
            (
                CURLE_SSL_CONNECT_ERROR, "error:0A000412:SSL routines::sslv3 alert bad certificate",
                .clientCertificateWanted
            ),
            (CURLE_RECV_ERROR, "Recv failure: Connection reset by peer", .disconnected),
            (CURLE_RECV_ERROR, "CONNECT tunnel failed, response 407", .proxy),
        ] as [(CURLcode, String, TransportFailure.Kind)])
    func `where the number says too little, the words decide`(
        code: CURLcode, words: String, kind: TransportFailure.Kind
    ) {
        #expect(
            TransportFailure(code, detail: words) == TransportFailure(kind: kind, code: code.rawValue, message: words))
    }
}
