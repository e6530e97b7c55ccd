import CFootbridgeOpenSSL

/// Signatures of ed25519 under one private key (RFC 8032), for one message after the other.
///
/// Ed25519 hashes a message twice, so it has to lie in one piece: head and body are copied together.
/// Thread safety: none; one per thread.
final class Ed25519 {
    static let seedLength = 32
    static let publicKeyLength = 32
    static let signatureLength = 64

    private let key: OpaquePointer
    private let context: OpaquePointer
    private var message: [UInt8] = []
    /// That of the last message.
    private(set) var signature = [UInt8](repeating: 0, count: Ed25519.signatureLength)

    /// - Parameter seed: 32 bytes.
    init(seed: [UInt8]) throws(LibcryptoError) {
        precondition(seed.count == Self.seedLength, "a seed of ed25519 has 32 bytes")
        guard let key = footbridge_ed25519_private(seed) else { throw LibcryptoError("EVP_PKEY_new_raw_private_key") }
        guard let context = EVP_MD_CTX_new() else {
            EVP_PKEY_free(key)
            throw LibcryptoError("EVP_MD_CTX_new")
        }
        self.key = key
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_PKEY_free(key)
    }

    /// Puts the signature of `head` followed by `body` into `signature`.
    func sign(_ head: [UInt8], _ body: UnsafeRawBufferPointer) throws(LibcryptoError) {
        message.removeAll(keepingCapacity: message.capacity <= 256 * 1024)
        message.append(contentsOf: head)
        message.append(contentsOf: body)
        // A context signs once (EVP_DigestSign(3)).
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1 else { throw LibcryptoError("EVP_DigestSignInit") }
        var written = Self.signatureLength
        guard EVP_DigestSign(context, &signature, &written, message, message.count) == 1,
            written == Self.signatureLength
        else { throw LibcryptoError("EVP_DigestSign") }
    }

    /// The public key of a seed, 32 bytes each.
    static func publicKey(seed: [UInt8]) throws(LibcryptoError) -> [UInt8] {
        guard let key = footbridge_ed25519_private(seed) else { throw LibcryptoError("EVP_PKEY_new_raw_private_key") }
        defer { EVP_PKEY_free(key) }
        var bytes = [UInt8](repeating: 0, count: publicKeyLength)
        var length = publicKeyLength
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &length) == 1, length == publicKeyLength else {
            throw LibcryptoError("EVP_PKEY_get_raw_public_key")
        }
        return bytes
    }

    /// Whether one of `signatures` is that of `message`; a key that is no point of the curve made none.
    static func verifies(
        _ signatures: [[UInt8]], of message: [UInt8], publicKey: [UInt8]
    ) throws(LibcryptoError) -> Bool {
        guard let key = footbridge_ed25519_public(publicKey) else {
            throw LibcryptoError("EVP_PKEY_new_raw_public_key")
        }
        defer { EVP_PKEY_free(key) }
        for signature in signatures {
            guard let context = EVP_MD_CTX_new() else { throw LibcryptoError("EVP_MD_CTX_new") }
            defer { EVP_MD_CTX_free(context) }
            guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else {
                throw LibcryptoError("EVP_DigestVerifyInit")
            }
            if EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1 { return true }
            ERR_clear_error()
        }
        return false
    }
}
