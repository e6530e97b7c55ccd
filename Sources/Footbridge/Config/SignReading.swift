import FootbridgeWebhooks

extension WebhookConfig {
    /// `sign` of a webhook: `false`, or a map with `secret`, `hmac` or both.
    mutating func readSign(_ webhook: Section) {
        webhook.note("sign", type: "false or map", defaultText: "false")
        let (scalar, section) = webhook.choice("sign", or: "false")
        if let scalar {
            // Not shown: it may be the secret, written one level too high.
            _ = webhook.value(at: scalar) { text throws(Complaint) in
                guard text.text == "false" else { throw Complaint("must be false or a map: { secret: whsec_… }") }
            }
        }
        section.note("secret", type: "secret or list of secrets", defaultText: "none")
        section.note("hmac", type: "map or list of maps", defaultText: "none")
        let secret = section.find("secret")
        if let secret { sign = section.signingSecrets(at: secret) }
        hmac = section.sections("hmac", form: HMACRule.form).compactMap { HMACRule($0) }
        section.finish()
        if section.exists && secret == nil && section.find("hmac") == nil {
            section.missing("secret", "write sign: { secret: { env: NAME } }, or sign: { hmac: \(HMACRule.form) }")
        }
    }
}

extension Section {
    /// One secret or, while it is being changed or for receivers of either kind, a list of them.
    fileprivate func signingSecrets(at found: Found) -> [SigningSecret] {
        guard case .sequence(let items) = found.node.content else { return signingSecret(at: found).map { [$0] } ?? [] }
        if items.isEmpty { report("is an empty list; write sign: false to send without signatures", at: found) }
        return items.enumerated().compactMap { index, item in
            signingSecret(
                at: Found(node: item, keyPlace: item.place, path: "\(found.path)[\(index)]", rank: found.rank))
        }
    }

    private func signingSecret(at found: Found) -> SigningSecret? {
        let secret = secret(at: found) { secret throws(Complaint) in
            // The errors of `SigningSecret` show nothing of the text.
            do throws(SigningSecretError) {
                return try SigningSecret(String(decoding: secret.bytes, as: UTF8.self))
            } catch {
                throw Complaint(error.description)
            }
        }
        if let bytes = secret?.unusualLength {
            source.advise(
                "a secret of \(bytes) bytes signs, but Standard Webhooks asks for 24 to 64, and receivers may refuse it; "
                    + "make one with: footbridge secret new", path: found.path)
        }
        return secret
    }
}

extension HMACRule {
    static let form = "{ header: NAME, secret: { env: NAME } }"

    /// Reads one of `sign.hmac`; `nil` if it is not there, or of no use, which is reported.
    init?(_ section: Section) {
        let isAsked = section.exists || section.isTemplate
        let header =
            isAsked ? section.required("header", type: "string", example: "X-Signature", Self.checkHeader) : nil
        self.init(header: header ?? "", secret: SecretBytes([]))
        section.name("algorithm", &algorithm)
        section.name("encoding", &encoding)
        readValue(section)
        let content = section.optional("content", type: "string", defaultText: "{body}") { text throws(Complaint) in
            try Self.template(text, [.id, .timestamp, .body], needs: .body, "would fit every body")
        }
        if let content { self.content = content }
        timestampHeader = section.optional(
            "timestamp_header", type: "string", defaultText: "none", Self.checkHeader)
        let secret = Self.secret(section)
        section.finish()
        guard section.exists, header != nil, let secret else { return nil }
        self.secret = secret
    }

    /// The bytes as they are: unlike those of Standard Webhooks, these services' secrets are used as text.
    private static func secret(_ section: Section) -> SecretBytes? {
        section.note("secret", type: "secret", defaultText: nil)
        guard let found = section.find("secret") else {
            if section.exists { section.missing("secret", "write secret: { env: NAME }") }
            return nil
        }
        return section.secret(at: found) { secret throws(Complaint) in
            guard !secret.bytes.isEmpty else { throw Complaint("is empty; a signature with it proves nothing") }
            return SecretBytes(secret.bytes)
        }
    }

    private mutating func readValue(_ section: Section) {
        let prefix = section.optional("prefix", type: "string", defaultText: "none") { text throws(Complaint) in
            guard HeaderRules.isSafeValue(text.text.utf8) else {
                throw Complaint("\(text.shown) holds a control character; remove it")
            }
            return text.text
        }
        let value = section.optional("value", type: "string", defaultText: "{signature}") { text throws(Complaint) in
            guard HeaderRules.isSafeValue(text.text.utf8) else {
                throw Complaint("\(text.shown) holds a control character; remove it")
            }
            return try Self.template(text, [.signature, .timestamp, .id], needs: .signature, "would say nothing")
        }
        if prefix != nil, value != nil {
            section.contradiction(
                "stands beside prefix; keep one of the two", among: section.find("value"), section.find("prefix"))
        }
        if let prefix { self.value = SignatureTemplate(prefix: prefix) }
        if let value { self.value = value }
    }

    private static func template(
        _ text: ConfigText, _ allowed: [SignatureTemplate.Placeholder], needs: SignatureTemplate.Placeholder,
        _ why: String
    ) throws(Complaint) -> SignatureTemplate {
        let template: SignatureTemplate
        do throws(SignatureTemplateError) {
            template = try SignatureTemplate(text.text, allowing: allowed)
        } catch {
            throw Complaint("\(text.shown): \(error)")
        }
        guard template.contains(needs) else {
            throw Complaint("\(text.shown) has no {\(needs.rawValue)}, and \(why); add it")
        }
        return template
    }

    private static func checkHeader(_ text: ConfigText) throws(Complaint) -> String {
        guard HeaderRules.isToken(text.text.utf8) else {
            throw Complaint("\(text.shown) is no header name; use letters, digits and -")
        }
        if let cure = WebhookConfig.reserved[text.text.lowercased()] {
            throw Complaint("\(text.shown) cannot be used here: \(cure)")
        }
        return text.text
    }
}
