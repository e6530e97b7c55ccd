/// A value that may be a secret, byte for byte.
struct SecretText {
    let bytes: [UInt8]
    /// `nil` if the configuration itself holds it.
    private let literal: ConfigText?

    init(_ text: ConfigText) {
        bytes = Array(text.text.utf8)
        literal = text
    }

    /// What stands outside the configuration: one line break at the end does not count.
    init(outside bytes: [UInt8]) throws(Complaint) {
        var bytes = bytes
        if bytes.last == UInt8(ascii: "\n") {
            bytes.removeLast()
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        }
        guard !bytes.isEmpty else { throw Complaint("the secret is empty; write it there, or name another place") }
        self.bytes = bytes
        literal = nil
    }

    /// For values that are text; messages show nothing of one that stands elsewhere.
    func text() throws(Complaint) -> ConfigText {
        if let literal { return literal }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Complaint("the secret is not UTF-8, which it has to be here")
        }
        return ConfigText(text: text, shown: "the secret", isLiteral: false)
    }
}
