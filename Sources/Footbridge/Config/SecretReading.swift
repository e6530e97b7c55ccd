internal import FootbridgeWebhooks

extension Section {
    /// A value that may be secret: text, `{ env: NAME }`, `{ file: PATH }` or `{ credential: NAME }`.
    ///
    /// - Parameter convert: may throw no message that shows the value.
    func secret<Value>(at found: Found, _ convert: (SecretText) throws(Complaint) -> Value) -> Value? {
        guard case .mapping(let entries) = found.node.content else {
            return value(at: found) { text throws(Complaint) in try convert(SecretText(text)) }
        }
        let section = Section(
            source, layers: [Layer(entries: entries, path: found.path, rank: found.rank)], path: found.path,
            pattern: "", place: found.keyPlace)
        let (variable, file) = (section.find("env"), section.find("file"))
        let credential = section.find("credential")
        section.finish()
        let place: Found
        let read: (ConfigText) throws(Complaint) -> [UInt8]
        switch (variable, file, credential) {
        case (let variable?, nil, nil): (place, read) = (variable, secretOfVariable)
        case (nil, let file?, nil): (place, read) = (file, secretOfFile)
        case (nil, nil, let credential?): (place, read) = (credential, secretOfCredential)
        default:
            report("must be a secret, or one of { env: NAME }, { file: PATH } and { credential: NAME }", at: found)
            return nil
        }
        return section.value(at: place) { text throws(Complaint) in
            try convert(SecretText(outside: try read(text)))
        }
    }

    /// The same for an optional key whose value is text.
    func optionalSecret<Value>(
        _ key: String, type: String = "secret", defaultText: String,
        _ convert: (ConfigText) throws(Complaint) -> Value
    ) -> Value? {
        note(key, type: type, defaultText: defaultText)
        guard let found = find(key) else { return nil }
        return secret(at: found) { secret throws(Complaint) in try convert(secret.text()) }
    }

    /// The same for a key that others take as it is, in a header for example.
    func optionalSecret(_ key: String) -> String? {
        optionalSecret(key, defaultText: "none", Self.safeText)
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
        return secret(at: found) { secret throws(Complaint) in
            let text = try Self.safeText(secret.text())
            try check(text)
            return text
        }
    }

    private static func safeText(_ text: ConfigText) throws(Complaint) -> String {
        guard !text.text.isEmpty else { throw Complaint("is empty") }
        guard HeaderRules.isSafeValue(text.text.utf8) else {
            throw Complaint("holds a control character or a line break; remove it")
        }
        return text.text
    }

    private func secretOfVariable(_ text: ConfigText) throws(Complaint) -> [UInt8] {
        // The name is not repeated unless it is one: the secret itself may stand there.
        guard Expansion.isName(text.text), !text.text.hasPrefix("whsec_"), !text.text.hasPrefix("whsk_") else {
            throw Complaint("must be the name of a variable: letters, digits and _")
        }
        guard let value = source.environment.bytes(of: text.text) else {
            throw Complaint(
                text.isLiteral
                    ? "the variable \(text.text) is not set" : "\(text.shown) names a variable that is not set; set it")
        }
        return value
    }

    /// The file is found from the config's directory.
    private func secretOfFile(_ text: ConfigText) throws(Complaint) -> [UInt8] {
        guard !text.text.isEmpty else { throw Complaint("is empty; write the path of a file") }
        return try secret(inFile: source.path(text.text), shown: text.shown)
    }

    /// Of systemd: `LoadCredential=`, `LoadCredentialEncrypted=` or `SetCredential=` of the unit.
    private func secretOfCredential(_ text: ConfigText) throws(Complaint) -> [UInt8] {
        guard !text.text.isEmpty, ![".", ".."].contains(text.text), text.text.utf8.allSatisfy(isWordByte) else {
            throw Complaint("must be a credential's name, as LoadCredential= has it: letters, digits, . _ -")
        }
        guard let directory = source.environment["CREDENTIALS_DIRECTORY"] else {
            throw Complaint(
                "CREDENTIALS_DIRECTORY is not set: systemd sets it for a unit with "
                    + (text.isLiteral ? "LoadCredential=\(text.text):PATH" : "LoadCredential="))
        }
        return try secret(inFile: source.path("\(directory)/\(text.text)"), shown: text.shown)
    }

    private func secret(inFile path: String, shown: String) throws(Complaint) -> [UInt8] {
        source.noteSecretFile(path)
        do throws(Complaint) {
            return try FileText.read(path, limit: 65_536)
        } catch {
            throw Complaint("\(shown) \(error.message)")
        }
    }
}
