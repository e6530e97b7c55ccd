import Webhooks

extension Section {
    /// `sign` of a webhook: `false`, or `{ secret: … }` with one secret or, while it is being changed, a list of them.
    func signingSecrets() -> [SigningSecret] {
        note("sign", type: "false or map", defaultText: "false")
        let (scalar, section) = choice("sign", or: "false")
        if let scalar {
            // Not shown: it may be the secret, written one level too high.
            _ = value(at: scalar) { text throws(Complaint) in
                guard text.text == "false" else { throw Complaint("must be false or a map: { secret: whsec_… }") }
            }
        }
        section.note("secret", type: "secret or list of secrets", defaultText: nil)
        section.note("secret.env", type: "string", defaultText: "none")
        section.note("secret.file", type: "path", defaultText: "none")
        let found = section.find("secret")
        section.finish()
        guard let found else {
            if section.exists { section.missing("secret", "write sign: { secret: { env: NAME } }") }
            return []
        }
        guard case .sequence(let items) = found.node.content else {
            return section.secret(at: found, makeSecret).map { [$0] } ?? []
        }
        if items.isEmpty { section.report("is an empty list; write sign: false to send without signatures", at: found) }
        return items.enumerated().compactMap { index, item in
            section.secret(
                at: Found(node: item, keyPlace: item.place, path: "\(found.path)[\(index)]", rank: found.rank),
                makeSecret)
        }
    }

    /// A secret of any kind, in each of the ways in which one may be written. What `make` complains of shows nothing of the text.
    func secret<Value>(at found: Found, _ make: (String) throws(Complaint) -> Value) -> Value? {
        guard case .mapping(let entries) = found.node.content else {
            return value(at: found) { text throws(Complaint) in try make(text.text) }
        }
        let section = Section(
            source, layers: [Layer(entries: entries, path: found.path, rank: found.rank)], path: found.path,
            pattern: "", place: found.keyPlace)
        let (variable, file) = (section.find("env"), section.find("file"))
        section.finish()
        switch (variable, file) {
        case (let variable?, nil):
            return section.value(at: variable) { text throws(Complaint) in try make(secretFromVariable(text)) }
        case (nil, let file?):
            return section.value(at: file) { text throws(Complaint) in try make(secretFromFile(text)) }
        default:
            report("must be a secret, or one of { env: NAME } and { file: PATH }", at: found)
            return nil
        }
    }

    private func secretFromVariable(_ text: ConfigText) throws(Complaint) -> String {
        // The name is not repeated unless it is one: the secret itself may stand there.
        guard Expansion.isName(text.text), !text.text.hasPrefix("whsec_") else {
            throw Complaint("must be the name of a variable: letters, digits and _")
        }
        guard let value = source.environment[text.text] else {
            throw Complaint(
                text.isLiteral
                    ? "the variable \(text.text) is not set" : "\(text.shown) names a variable that is not set; set it")
        }
        return value
    }

    /// The file is found from the config's directory; a line break at its end does not count.
    private func secretFromFile(_ text: ConfigText) throws(Complaint) -> String {
        guard !text.text.isEmpty else { throw Complaint("is empty; write the path of a file") }
        var bytes: [UInt8]
        do throws(Complaint) {
            bytes = try FileText.read(source.path(text.text), limit: 4096)
        } catch {
            throw Complaint("\(text.shown) \(error.message)")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The errors of `SigningSecret` show nothing of the text.
private func makeSecret(_ text: String) throws(Complaint) -> SigningSecret {
    do throws(SigningSecretError) {
        return try SigningSecret(text)
    } catch {
        throw Complaint(error.description)
    }
}
