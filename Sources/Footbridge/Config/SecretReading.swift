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
