internal import CFootbridgeOpenSSL

/// What a route signs with (Standard Webhooks): `whsec_` and the base64 of 24 to 64 bytes, which the receiver has as well
/// (`v1`), or `whsk_` and that of a private key of ed25519, of which the receiver has the public half (`v1a`).
///
/// Neither printing, interpolating, reflecting nor dumping one shows the key; `revealed()` alone does.
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
public struct SigningSecret: Sendable, Equatable {
    enum Key: Sendable, Equatable {
        /// For HMAC-SHA-256.
        case shared([UInt8])
        /// 32 bytes each.
        case ed25519(seed: [UInt8], publicKey: [UInt8])
    }

    let key: Key

    private init(key: Key) {
        self.key = key
    }

    /// Reads `whsec_…` or `whsk_…`.
    ///
    /// The base64 may lack its padding and may be the url-safe one, and the version may stand in front (`v1,whsec_…`), as
    /// some dashboards show it. A private key is its seed, or the seed and the public key, which then has to fit.
    public init(_ text: String) throws(SigningSecretError) {
        let parts = try KeyText(text)
        switch parts.kind {
        case .shared: self.init(key: .shared(parts.bytes))
        case .publicKey: throw .publicKey
        case .privateKey: self.init(key: try Self.privateKey(parts.bytes))
        }
    }

    private static func privateKey(_ bytes: [UInt8]) throws(SigningSecretError) -> Key {
        guard bytes.count == Ed25519.seedLength || bytes.count == Ed25519.seedLength + Ed25519.publicKeyLength else {
            throw .wrongLength(bytes: bytes.count)
        }
        let seed = Array(bytes.prefix(Ed25519.seedLength))
        let publicKey: [UInt8]
        do throws(LibcryptoError) {
            publicKey = try Ed25519.publicKey(seed: seed)
        } catch {
            throw .noLibrary(error)
        }
        let told = bytes.dropFirst(Ed25519.seedLength)
        guard told.isEmpty || told.elementsEqual(publicKey) else { throw .halvesDiffer }
        return .ed25519(seed: seed, publicKey: publicKey)
    }

    /// A new secret for `v1`: 32 bytes from the system's random source.
    public static func random() -> SigningSecret { SigningSecret(key: .shared(randomBytes())) }

    /// A new private key for `v1a`.
    public static func randomPrivateKey() throws(SigningSecretError) -> SigningSecret {
        SigningSecret(key: try privateKey(randomBytes()))
    }

    private static func randomBytes() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// The secret as it is written, `whsec_…` or `whsk_…` (seed and public key): for showing a new one to its owner, never
    /// for a log.
    public func revealed() -> String {
        switch key {
        case .shared(let bytes): KeyText.write(.shared, bytes)
        case .ed25519(let seed, let publicKey): KeyText.write(.privateKey, seed + publicKey)
        }
    }

    /// The texts behind the prefix by which others may write it, without padding: for finding it in what is not to show it.
    public var spellings: [String] {
        let keys: [[UInt8]] =
            switch key {
            case .shared(let bytes): [bytes]
            case .ed25519(let seed, let publicKey): [seed + publicKey, seed]
            }
        return keys.flatMap { bytes in
            let text = KeyText.write(.shared, bytes).dropFirst(KeyText.Kind.shared.rawValue.count).prefix { $0 != "=" }
            let urlSafe = text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
            return [String(text)] + (urlSafe.elementsEqual(text) ? [] : [String(urlSafe)])
        }
    }

    /// The number of bytes, if it is not one that Standard Webhooks asks for: receivers may refuse such a secret.
    public var unusualLength: Int? {
        guard case .shared(let bytes) = key, !(24...64).contains(bytes.count) else { return nil }
        return bytes.count
    }
}

extension SigningSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        switch key {
        case .shared: "whsec_(hidden)"
        case .ed25519: "whsk_(hidden)"
        }
    }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Why a text is no key of Standard Webhooks, and what would be right. Says nothing of the text itself but its length.
public enum SigningSecretError: Error, Equatable, Sendable {
    case empty
    case noPrefix
    /// `whpk_` where something is to be signed.
    case publicKey
    case notBase64
    /// Of a key of ed25519.
    case wrongLength(bytes: Int)
    /// The last 32 bytes of a private key are not the public key of the first 32.
    case halvesDiffer
    case noLibrary(LibcryptoError)
}

extension SigningSecretError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty:
            "the secret is empty; \(Self.cure)"
        case .noPrefix:
            "the secret begins with neither whsec_ nor whsk_; write whsec_ in front of it if it is base64, "
                + "else \(Self.cure)"
        case .publicKey:
            "whpk_ is a public key, for the receiver, and cannot sign; give the private one, whsk_…, "
                + "or \(Self.cure) --asymmetric"
        case .notBase64:
            "what follows whsec_, whsk_ or whpk_ is not base64 (A-Z a-z 0-9 + / and = at the end); \(Self.cure)"
        case .wrongLength(let bytes):
            "the key has \(bytes) bytes; a private key (whsk_) has 32 or 64, a public one (whpk_) 32; "
                + "\(Self.cure) --asymmetric"
        case .halvesDiffer:
            "the second half of the private key (whsk_) is not the public key of the first; "
                + "copy it again, or \(Self.cure) --asymmetric"
        case .noLibrary(let error):
            "the key cannot be used: \(error)"
        }
    }

    private static let cure = "make one with: footbridge secret new"
}
