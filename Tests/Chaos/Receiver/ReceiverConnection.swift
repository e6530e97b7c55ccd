import CTLSServer
import TestSupport

/// A connection of a receiver, with or without TLS.
final class ReceiverConnection {
    let socket: StreamSocket
    private let tls: OpaquePointer?
    private var isOrderly = true

    /// Shakes hands if there is TLS; `nil` if that fails.
    init?(_ socket: StreamSocket, _ identity: TLSIdentity?) {
        self.socket = socket
        guard let identity else {
            tls = nil
            return
        }
        guard let tls = footbridge_tls_accept(identity.server, socket.descriptor) else { return nil }
        self.tls = tls
    }

    deinit {
        if let tls { footbridge_tls_free(tls, isOrderly ? 1 : 0) }
    }

    /// Empty at the end.
    func receive(atMost count: Int) throws -> [UInt8] {
        guard let tls else { return try socket.receive(atMost: count) }
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let received = footbridge_tls_receive(tls, buffer.baseAddress, Int32(count))
            failed = received < 0
            filled = max(0, Int(received))
        }
        if failed { throw TestSupportError("TLS: the connection broke") }
        return bytes
    }

    func sendAll(_ bytes: [UInt8]) throws {
        guard let tls else { return try socket.sendAll(bytes) }
        // Blocks until all are sent, or none can be.
        guard footbridge_tls_send(tls, bytes, Int32(bytes.count)) == bytes.count else {
            throw TestSupportError("TLS: the connection broke")
        }
    }

    /// Without a word of TLS, too.
    func resetOnClose() {
        isOrderly = false
        socket.resetOnClose()
    }
}

/// Certificate and key of the receivers.
struct TLSIdentity: @unchecked Sendable {
    // Used by many threads at once, as OpenSSL allows.
    fileprivate let server: OpaquePointer
    /// The file of its authority.
    let authority: String

    init(in directory: TemporaryDirectory) throws {
        let certificates = try TLSCertificates(in: directory)
        guard let server = footbridge_tls_server_new(certificates.serverCertificate, certificates.serverKey) else {
            throw TestSupportError("no TLS with \(certificates.serverCertificate)")
        }
        self.server = server
        authority = certificates.authority
    }
}
