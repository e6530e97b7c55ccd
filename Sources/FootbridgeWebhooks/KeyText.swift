/// A key of Standard Webhooks as text: what it is for, and the base64 of its bytes.
struct KeyText {
    enum Kind: String, CaseIterable {
        case shared = "whsec_"
        case privateKey = "whsk_"
        case publicKey = "whpk_"

        /// How its signatures begin; some dashboards show it in front of the key.
        var version: String { self == .shared ? "v1," : "v1a," }
    }

    let kind: Kind
    /// Never empty.
    let bytes: [UInt8]

    init(_ text: String) throws(SigningSecretError) {
        guard !text.isEmpty else { throw .empty }
        let text = text.utf8
        for kind in Kind.allCases {
            var rest = text[...]
            if rest.starts(with: kind.version.utf8) { rest = rest.dropFirst(kind.version.utf8.count) }
            guard rest.starts(with: kind.rawValue.utf8) else { continue }
            let encoded = Array(rest.dropFirst(kind.rawValue.utf8.count))
            guard !encoded.isEmpty else { throw .empty }
            guard let bytes = Base64.decode(encoded, urlSafe: true) else { throw .notBase64 }
            self.kind = kind
            self.bytes = bytes
            return
        }
        throw .noPrefix
    }

    static func write(_ kind: Kind, _ bytes: [UInt8]) -> String {
        var text = Array(kind.rawValue.utf8)
        bytes.withUnsafeBytes { Base64.encode($0, into: &text) }
        return String(decoding: text, as: UTF8.self)
    }
}
