/// The key that a route and its receiver share: `whsec_` and the base64 of 24 to 64 bytes (Standard Webhooks).
///
/// Neither printing, interpolating, reflecting nor dumping one shows the key; `revealed()` alone does.
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
public struct SigningSecret: Sendable, Equatable {
    let key: [UInt8]

    private init(key: [UInt8]) {
        self.key = key
    }

    /// Reads `whsec_…`; the base64 may lack its padding, as secrets in the wild do.
    public init(_ text: String) throws(SigningSecretError) {
        let bytes = text.utf8
        guard !bytes.isEmpty else { throw .empty }
        if bytes.starts(with: "whsk_".utf8) || bytes.starts(with: "whpk_".utf8) { throw .asymmetric }
        guard bytes.starts(with: Self.prefix.utf8) else { throw .noPrefix }
        let encoded = Array(bytes.dropFirst(Self.prefix.utf8.count))
        guard !encoded.isEmpty else { throw .empty }
        guard let key = Base64.decode(encoded) else { throw .notBase64 }
        guard Self.lengths.contains(key.count) else { throw .wrongLength(bytes: key.count) }
        self.init(key: key)
    }

    /// A new secret of 32 bytes from the system's random source.
    public static func random() -> SigningSecret {
        var generator = SystemRandomNumberGenerator()
        return SigningSecret(key: (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    /// The secret as its receiver must be told it, `whsec_…`: for showing a new one to its owner, never for a log.
    public func revealed() -> String {
        var text = Array(Self.prefix.utf8)
        key.withUnsafeBytes { Base64.encode($0, into: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    private static let prefix = "whsec_"
    private static let lengths = 24...64
}

extension SigningSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "whsec_(hidden)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Why a text is no signing secret, and what would be right. Says nothing of the text itself but its length.
public enum SigningSecretError: Error, Equatable, Sendable {
    case empty
    case noPrefix
    case asymmetric
    case notBase64
    case wrongLength(bytes: Int)
}

extension SigningSecretError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty:
            "the secret is empty; \(Self.cure)"
        case .noPrefix:
            "the secret does not begin with whsec_; write whsec_ in front of it if it is base64, else \(Self.cure)"
        case .asymmetric:
            "whsk_ and whpk_ keys (asymmetric signatures) are not supported yet; \(Self.cure)"
        case .notBase64:
            "what follows whsec_ is not base64 (A-Z a-z 0-9 + / and = at the end); \(Self.cure)"
        case .wrongLength(let bytes):
            "the secret has \(bytes) bytes, not 24 to 64; \(Self.cure)"
        }
    }

    private static let cure = "make one with: echo \"whsec_$(openssl rand -base64 32)\""
}
