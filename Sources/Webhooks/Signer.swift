/// Writes the value of `webhook-signature`, Standard Webhooks `v1`: one signature per secret, separated by spaces.
///
/// Several secrets serve a rotation: receivers accept a request if one signature is right.
/// Thread safety: none; one per worker and route.
public final class Signer {
    private let codes: [HMAC]
    private var head: [UInt8] = []

    /// - Parameter secrets: at least one, the current one first.
    public init(_ secrets: [SigningSecret]) throws(LibcryptoError) {
        precondition(!secrets.isEmpty, "a signer needs a secret")
        var codes: [HMAC] = []
        for secret in secrets { codes.append(try HMAC(key: secret.key)) }
        self.codes = codes
    }

    /// Appends `v1,<base64>` for each secret over the bytes `id.timestamp.body`.
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
                try code.authenticate(head, body)
                if index > 0 { header.append(UInt8(ascii: " ")) }
                header.append(contentsOf: Self.version)
                code.code.withUnsafeBytes { Base64.encode($0, into: &header) }
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

    private static let version = Array("v1,".utf8)
}

@available(*, unavailable)
extension Signer: Sendable {}
