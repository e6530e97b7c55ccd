import FootbridgeWebhooks

/// What the receiver found out about a request's signature.
enum SignatureVerdict: Sendable, Equatable {
    case ok
    case wrong(String)
    /// No `webhook-signature` at all.
    case unsigned
    /// Signed, but there is no secret to check it with.
    case unchecked

    /// As a receipt shows it.
    var text: String {
        switch self {
        case .ok: "signed ok"
        case .wrong(let reason): "signature WRONG: \(reason)"
        case .unsigned: "unsigned"
        case .unchecked: "signed, not checked"
        }
    }

    /// - Parameters:
    ///   - verifier: `nil` if the receiver was given no secret.
    ///   - now: unix seconds.
    static func of(_ request: Receiver.Request, by verifier: SignatureVerifier?, now: Int64) -> SignatureVerdict {
        guard let signature = request["webhook-signature"] else { return .unsigned }
        guard let verifier else { return .unchecked }
        return request.body.withUnsafeBytes { body in
            do throws(LibcryptoError) {
                let result = try verifier.verify(
                    id: request.id, timestamp: request["webhook-timestamp"], signature: signature, body: body, now: now)
                return result == .valid ? .ok : .wrong("\(result)")
            } catch {
                return .wrong("it could not be checked: \(error)")
            }
        }
    }
}
