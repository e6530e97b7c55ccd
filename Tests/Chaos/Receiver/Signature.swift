import CFootbridgeOpenSSL
import Foundation

/// Whether a request is signed, as a receiver checks it: HMAC-SHA-256 over `id.timestamp.body`
/// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
///
/// libcrypto in one call, nothing of the code under test.
struct SignatureCheck: Sendable {
    private let key: [UInt8]

    /// - Parameter secret: `whsec_` and base64.
    init(secret: String) {
        key = Data(base64Encoded: String(secret.dropFirst("whsec_".count))).map(Array.init) ?? []
    }

    func accepts(_ request: Request) -> Bool {
        let signed = Array("\(request.id).\(request.timestamp).".utf8) + request.body
        var code = [UInt8](repeating: 0, count: 32)
        var length = 0
        let done = EVP_Q_mac(
            nil, "HMAC", nil, "SHA256", nil, key, key.count, signed, signed.count, &code, code.count, &length)
        return done != nil && length == 32 && request.signature == "v1,\(Data(code).base64EncodedString())"
    }
}
