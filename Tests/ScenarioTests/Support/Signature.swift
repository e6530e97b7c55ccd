import CFootbridgeOpenSSL
import Foundation
import TestSupport

/// What a receiver computes to verify a request: HMAC-SHA-256 over `id.timestamp.body`
/// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
///
/// libcrypto in one call, nothing of the code under test.
func expectedSignature(of request: ReceivedRequest, secret: String) -> String? {
    guard let id = request.id, let timestamp = request["webhook-timestamp"],
        let key = Data(base64Encoded: String(secret.dropFirst("whsec_".count)))
    else { return nil }
    let signed = Array("\(id).\(timestamp).".utf8) + request.body
    var code = [UInt8](repeating: 0, count: 32)
    var length = 0
    let done = EVP_Q_mac(
        nil, "HMAC", nil, "SHA256", nil, Array(key), key.count, signed, signed.count, &code, code.count, &length)
    return done != nil && length == 32 ? "v1,\(Data(code).base64EncodedString())" : nil
}
