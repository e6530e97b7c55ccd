internal import Webhooks

extension Section {
    /// A secret that is any text: written out, or `{ env: NAME }`, or `{ file: PATH }`.
    func optionalSecret(_ key: String, type: String = "secret") -> String? {
        note(key, type: type, defaultText: "none")
        return find(key).flatMap { secret(at: $0) { text throws(Complaint) in try Self.plainSecret(text) } }
    }

    /// The same that must be there.
    func requiredSecret(
        _ key: String, example: String, _ check: (String) throws(Complaint) -> Void = { _ throws(Complaint) in }
    ) -> String? {
        note(key, type: "secret", defaultText: nil)
        guard let found = find(key) else {
            if exists { missing(key, "write \(key): \(example)") }
            return nil
        }
        return secret(at: found) { text throws(Complaint) in
            try check(text)
            return try Self.plainSecret(text)
        }
    }

    private static func plainSecret(_ text: String) throws(Complaint) -> String {
        guard !text.isEmpty else { throw Complaint("is empty") }
        guard HeaderRules.isSafeValue(text.utf8) else {
            throw Complaint("holds a control character or a line break; remove it")
        }
        return text
    }
}
