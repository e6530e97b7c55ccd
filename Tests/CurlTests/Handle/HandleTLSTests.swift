import TestSupport
import Testing

@testable import FootbridgeCurl

@Suite(.timeLimit(.minutes(1))) struct HandleTLSTests {
    private let directory: TemporaryDirectory
    private let certificates: TLSCertificates

    init() async throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        certificates = try await onThread { try TLSCertificates(in: directory) }
    }

    @Test func `a certificate of the given authority is trusted, and no other`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.http, certificates) }
        let url = "https://localhost:\(server.port)/"
        let trusting = TransferOptions(url: url, connection: .trusting(certificates.authority))
        #expect(
            try await transfer(trusting)
                == .success(TransferResponse(status: 200, bodyHead: Array("localhost".utf8), isTruncated: false)))
        #expect(try await transfer(url).failureKind == .certificate)
    }

    @Test func `the certificate has to be the host's`() async throws {
        let server = try await onThread { [certificates, directory] in
            let other = try certificates.forServer(named: "elsewhere.example", in: directory)
            return try TLSServer(.http, certificate: other.certificate, key: other.key)
        }
        let options = TransferOptions(
            url: "https://localhost:\(server.port)/", connection: .trusting(certificates.authority))
        #expect(try await transfer(options).failureKind == .certificate)
    }

    @Test func `a client's certificate is no server's`() async throws {
        let server = try await onThread { [certificates] in
            try TLSServer(.http, certificate: certificates.clientCertificate, key: certificates.clientKey)
        }
        let options = TransferOptions(
            url: "https://localhost:\(server.port)/", connection: .trusting(certificates.authority))
        #expect(try await transfer(options).failureKind == .certificate)
    }

    @Test func `an authority file that is not there is our own fault`() async throws {
        let options = TransferOptions(
            url: "https://localhost:\(try freePort())/", connection: .trusting(directory.file("missing.crt")))
        let server = try await onThread { [certificates] in try TLSServer(.http, certificates) }
        var found = options
        found.url = "https://localhost:\(server.port)/"
        #expect(try await transfer(found).failureKind == .invalid)
    }

    @Test func `plain HTTP at a TLS port fails, and TLS at a plain one is told as that`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.http, certificates) }
        #expect(try await transfer("http://localhost:\(server.port)/").failureKind == .disconnected)
        let plain = try StreamServer { connection in
            _ = try connection.receive()
            try connection.send("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        }
        #expect(try await transfer("https://127.0.0.1:\(plain.port)/").failureKind == .noTLS)
    }

    @Test func `a receiver that wants a certificate says so`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.http, certificates, asksClient: true) }
        let options = TransferOptions(
            url: "https://localhost:\(server.port)/", connection: .trusting(certificates.authority))
        #expect(
            try await transfer(options, body: [UInt8](repeating: 0x61, count: 8)).failureKind
                == .clientCertificateWanted)
    }

    @Test func `an answer before the end of the body counts over TLS as well`() async throws {
        let server = try await onThread { [certificates] in try TLSServer(.hasty, certificates) }
        let options = TransferOptions(
            url: "https://localhost:\(server.port)/", connection: .trusting(certificates.authority))
        #expect(
            try await transfer(options, body: [UInt8](repeating: 0x61, count: 8 << 20))
                == .success(TransferResponse(status: 200, bodyHead: [], isTruncated: false, cameEarly: true)))
    }
}

extension ConnectionOptions {
    /// Trusts the authorities of this file alone.
    static func trusting(_ file: String) -> ConnectionOptions {
        ConnectionOptions(tls: TLSOptions(authorityFile: file))
    }
}
