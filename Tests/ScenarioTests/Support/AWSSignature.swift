import CFootbridgeOpenSSL
import Foundation
import TestSupport

/// Whether a request bears the signature that AWS would compute for it, step by step as in
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
///
/// For paths and queries that need no encoding. Says what is wrong, or gives `nil`.
func faultOfAWSSignature(_ request: ReceivedRequest, secretKey: String) -> String? {
    guard let header = request["authorization"], header.hasPrefix("AWS4-HMAC-SHA256 ") else { return "no signature" }
    let parts = Dictionary(
        header.dropFirst(17).split(separator: ",").map { part in
            let pair = part.trimmingCharacters(in: .whitespaces).split(separator: "=", maxSplits: 1)
            return (String(pair[0]), pair.count > 1 ? String(pair[1]) : "")
        }, uniquingKeysWith: { $1 })
    guard let credential = parts["Credential"], let names = parts["SignedHeaders"], let signature = parts["Signature"],
        let date = request["x-amz-date"]
    else { return "incomplete: \(header)" }
    let scope = credential.split(separator: "/").dropFirst().joined(separator: "/")
    let headers = names.split(separator: ";").map { name in
        "\(name):\((request[String(name)] ?? "").trimmingCharacters(in: .whitespaces))\n"
    }
    let target = request.path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let canonical = [
        request.method, String(target[0]), target.count > 1 ? String(target[1]) : "", headers.joined(), names,
        hex(sha256(request.body)),
    ].joined(separator: "\n")
    let toSign = ["AWS4-HMAC-SHA256", date, scope, hex(sha256(Array(canonical.utf8)))].joined(separator: "\n")
    var key = Array("AWS4\(secretKey)".utf8)
    for word in scope.split(separator: "/") { key = hmac(key, Array(word.utf8)) }
    let expected = hex(hmac(key, Array(toSign.utf8)))
    return expected == signature ? nil : "\(signature) is not \(expected) of\n\(canonical)"
}

private func hmac(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 32)
    var length = 0
    _ = EVP_Q_mac(
        nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &code, code.count, &length)
    return code
}

private func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = footbridge_sha256(bytes, bytes.count, &digest)
    return digest
}

private func hex(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
