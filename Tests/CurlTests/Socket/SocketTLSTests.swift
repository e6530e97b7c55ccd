import LoopTestSupport
import TestSupport
import Testing

@testable import FootbridgeCurl

@Suite(.onEveryPoller, .timeLimit(.minutes(1))) struct SocketTLSTests {
    private let directory: TemporaryDirectory
    private let certificates: TLSCertificates

    init() async throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        certificates = try await onThread { try TLSCertificates(in: directory) }
    }

    private var trusting: SocketTarget.TLS { .init(certificateAuthorityFile: certificates.authority) }

    /// Over TLS a write that was refused has to be repeated with the same bytes from the same place; more is written meanwhile.
    @Test func `pipelined writes to a slow reader come back whole`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.slowEcho, certificates) }
        let bytes = sampleBytes(4 << 20)
        let (received, ends) = try await onLoop { [trusting] actor in
            let peer = Peer()
            let socket = try await connected(.local(server.port, tls: trusting), on: actor.loop)
            socket.open(peer)
            var start = 0
            func writeMore() {
                let end = min(start + 7919, bytes.count)
                socket.write(Array(bytes[start..<end]))
                start = end
                if start < bytes.count { actor.loop.schedule(after: .microseconds(50), writeMore) }
            }
            writeMore()
            let received = try await peer.waitFor(bytes.count)
            return (received, peer.ends)
        }
        #expect(received == bytes)
        #expect(ends == [])
    }

    @Test func `one large write comes back whole`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.echo, certificates) }
        let bytes = sampleBytes(8 << 20)
        let received = try await onLoop { [trusting] actor in
            let peer = Peer()
            let socket = try await connected(.local(server.port, tls: trusting), on: actor.loop)
            socket.open(peer)
            socket.write(bytes)
            return try await peer.waitFor(bytes.count)
        }
        #expect(received == bytes)
    }

    private func failure(_ target: SocketTarget) async throws -> TransportFailure.Kind? {
        try await onLoop { actor in
            do {
                let peer = Peer()
                let socket = try await connected(target, on: actor.loop)
                socket.open(peer)
                socket.write([1])
                let received = try await peer.waitFor(1)
                guard received.isEmpty, case .failed(let kind) = peer.ends.first else { return nil }
                return kind
            } catch let failure as TransportFailure {
                return failure.kind
            }
        }
    }

    @Test func `an authority that did not sign is not believed`() async throws {
        let other = try TemporaryDirectory()
        let foreign = try await onThread { try TLSCertificates(in: other) }
        let server = try await onThread { [certificates] in try TLSServer(.echo, certificates) }
        #expect(try await failure(.local(server.port, tls: trusting)) == nil)
        #expect(
            try await failure(.local(server.port, tls: .init(certificateAuthorityFile: foreign.authority)))
                == .certificate)
        #expect(try await failure(.local(server.port, tls: .init())) == .certificate)
        #expect(try await failure(.local(server.port, tls: .init(isInsecure: true))) == nil)
        let missing = SocketTarget.TLS(certificateAuthorityFile: directory.file("missing.crt"))
        #expect(try await failure(.local(server.port, tls: missing)) == .invalid)
    }

    /// The certificate bears 127.0.0.1 and localhost.
    @Test func `the certificate has to bear the server's name`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.echo, certificates) }
        for (name, kind) in [("localhost", nil), ("redis.example", .certificate)] as [(String, TransportFailure.Kind?)]
        {
            #expect(try await failure(.local(server.port, tls: trusting, serverName: name)) == kind, "\(name)")
        }
    }

    @Test func `a server that asks for a certificate gets the client's`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.echo, certificates, asksClient: true) }
        var tls = trusting
        #expect(try await failure(.local(server.port, tls: tls)) != nil)
        tls.certificateFile = certificates.clientCertificate
        tls.keyFile = certificates.clientKey
        #expect(try await failure(.local(server.port, tls: tls)) == nil)
    }

    @Test func `a plain server is not taken for TLS, and does not hang the loop`() async throws {
        let server = try StreamServer { connection in
            _ = try connection.receive()
            try connection.send("-ERR not TLS\r\n")
        }
        #expect(try await failure(.local(server.port, tls: trusting)) == .noTLS)
    }

    @Test func `a server that does not answer the handshake is told from one that is not reached`() async throws {
        let silent = try StreamServer { $0.waitForEnd() }
        let unreached = try FullListener()
        let messages = try await onLoop { [trusting] actor in
            var messages: [String] = []
            for port in [silent.port, unreached.port] {
                var target = SocketTarget.local(port, tls: trusting)
                target.connectTimeout = .milliseconds(500)
                do {
                    _ = try await connected(target, on: actor.loop)
                } catch let failure as TransportFailure {
                    #expect(failure.kind == .timedOut)
                    messages.append(failure.message)
                }
            }
            return messages
        }
        try #require(messages.count == 2)
        #expect(
            messages[0]
                == "127.0.0.1:\(silent.port) did not answer the TLS handshake within 0.5 seconds: "
                + "perhaps it does not speak TLS")
        #expect(messages[1].hasPrefix("no connection to 127.0.0.1:\(unreached.port): "))
    }
}
