/// What a receiver checks signatures with: the secret that it shares with the sender (`whsec_…`, `v1`), or the sender's
/// public key (`whpk_…`, `v1a`).
///
/// Like `SigningSecret`, it shows no secret by itself.
public struct VerificationKey: Sendable, Equatable {
    enum Key: Sendable, Equatable {
        case shared([UInt8])
        /// 32 bytes.
        case ed25519(publicKey: [UInt8])
    }

    let key: Key

    private init(key: Key) { self.key = key }

    /// What checks the signatures that `secret` makes.
    public init(_ secret: SigningSecret) {
        switch secret.key {
        case .shared(let bytes): self.init(key: .shared(bytes))
        case .ed25519(_, let publicKey): self.init(key: .ed25519(publicKey: publicKey))
        }
    }

    /// Reads `whsec_…`, `whpk_…`, or `whsk_…`, of which the public half counts.
    public init(_ text: String) throws(SigningSecretError) {
        let parts = try KeyText(text)
        guard parts.kind == .publicKey else {
            self.init(try SigningSecret(text))
            return
        }
        guard parts.bytes.count == Ed25519.publicKeyLength else { throw .wrongLength(bytes: parts.bytes.count) }
        self.init(key: .ed25519(publicKey: parts.bytes))
    }

    /// `whpk_…`, which may be shown to everybody; `nil` for a shared secret.
    public var publicText: String? {
        guard case .ed25519(let publicKey) = key else { return nil }
        return KeyText.write(.publicKey, publicKey)
    }
}

extension VerificationKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { publicText ?? "whsec_(hidden)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
