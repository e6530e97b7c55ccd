/// Writes the value of `webhook-signature` (Standard Webhooks): one signature per secret, separated by spaces, `v1` or
/// `v1a` as the secret says.
///
/// Several secrets serve a rotation, or receivers of either kind: they accept a request if one signature is right.
/// Thread safety: none; one per worker and route.
public final class Signer {
    private enum Code {
        case hmac(HMAC)
        case ed25519(Ed25519)
    }

    private let codes: [Code]
    private var head: [UInt8] = []

    /// - Parameter secrets: at least one, the current one first.
    public init(_ secrets: [SigningSecret]) throws(LibcryptoError) {
        precondition(!secrets.isEmpty, "a signer needs a secret")
        var codes: [Code] = []
        for secret in secrets {
            switch secret.key {
            case .shared(let key): codes.append(.hmac(try HMAC(key: key)))
            case .ed25519(let seed, _): codes.append(.ed25519(try Ed25519(seed: seed)))
            }
        }
        self.codes = codes
    }

    /// Appends `v1,<base64>` or `v1a,<base64>` for each secret over the bytes `id.timestamp.body`.
    ///
    /// - Parameters:
    ///   - id: the value of `webhook-id`, as sent; without a `.`, or the signed bytes could be split in two ways.
    ///   - timestamp: the value of `webhook-timestamp`: unix seconds of this attempt.
    ///   - body: the bytes sent; read, never copied.
    ///   - header: unchanged if this throws.
    public func sign(
        id: UnsafeRawBufferPointer, timestamp: Int64, body: UnsafeRawBufferPointer, into header: inout [UInt8]
    ) throws(LibcryptoError) {
        head.removeAll(keepingCapacity: true)
        head.append(contentsOf: id)
        head.append(UInt8(ascii: "."))
        head.appendDecimal(timestamp)
        head.append(UInt8(ascii: "."))
        let start = header.count
        do {
            for (index, code) in codes.enumerated() {
                if index > 0 { header.append(UInt8(ascii: " ")) }
                switch code {
                case .hmac(let hmac):
                    try hmac.authenticate(head, body)
                    header.append(contentsOf: Self.symmetric)
                    hmac.code.withUnsafeBytes { Base64.encode($0, into: &header) }
                case .ed25519(let key):
                    try key.sign(head, body)
                    header.append(contentsOf: Self.asymmetric)
                    key.signature.withUnsafeBytes { Base64.encode($0, into: &header) }
                }
            }
        } catch {
            header.removeLast(header.count - start)
            throw error
        }
    }

    /// The same for an id in an array.
    public func sign(
        id: [UInt8], timestamp: Int64, body: UnsafeRawBufferPointer, into header: inout [UInt8]
    ) throws(LibcryptoError) {
        let result = id.withUnsafeBytes { id -> Result<Void, LibcryptoError> in
            do throws(LibcryptoError) {
                return .success(try sign(id: id, timestamp: timestamp, body: body, into: &header))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private static let symmetric = Array("v1,".utf8)
    private static let asymmetric = Array("v1a,".utf8)
}

@available(*, unavailable)
extension Signer: Sendable {}
