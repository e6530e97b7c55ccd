internal import FootbridgeCurl
internal import FootbridgeWebhooks

extension AuthConfig {
    /// Reads `auth` of a webhook: `false`, or a map with exactly one kind of credentials.
    ///
    /// A kind in the route wins over another one in `defaults`.
    static func read(_ webhook: Section) -> AuthConfig? {
        webhook.note("auth", type: "false or map", defaultText: "false")
        let (scalar, section) = webhook.choice("auth", or: "false")
        if let scalar {
            // Not shown: it may be a secret, written one level too high.
            _ = webhook.value(at: scalar) { text throws(Complaint) in
                guard text.text == "false" else { throw Complaint("must be false or a map: { bearer: { env: NAME } }") }
            }
        }
        let kinds: [(name: String, read: (Section) -> AuthConfig?)] = [
            ("basic", basic), ("bearer", bearer), ("api_key", apiKey), ("aws", aws), ("oauth2", oauth2),
        ]
        // The reader's list of keys needs all of them.
        if section.isTemplate { for kind in kinds { _ = kind.read(section) } }
        let found = kinds.compactMap { kind in section.find(kind.name).map { (kind, $0) } }
        section.finish()
        let nearest = found.map(\.1.rank).min()
        let own = found.filter { $0.1.rank == nearest }
        guard let (kind, place) = own.first else {
            if section.exists, let place = webhook.find("auth") {
                let cure = "write auth: { bearer: { env: NAME } }, or basic, api_key, aws or oauth2"
                webhook.report("is empty; \(cure)", at: place)
            }
            return nil
        }
        if own.count > 1 {
            section.report("stands beside \(own[1].0.name); keep one of the two", at: place, onKey: true)
            return nil
        }
        return section.isTemplate ? nil : kind.read(section)
    }

    private static func basic(_ auth: Section) -> AuthConfig? {
        let section = auth.section("basic")
        let user = section.requiredSecret("user", example: "shop") { text throws(Complaint) in
            guard !text.utf8.contains(UInt8(ascii: ":")) else { throw Complaint("a user's name cannot hold a colon") }
        }
        let password = section.requiredSecret("password", example: "{ env: NAME }")
        section.finish()
        guard let user, let password else { return nil }
        return .basic(user: user, password: password)
    }

    private static func bearer(_ auth: Section) -> AuthConfig? {
        auth.optionalSecret("bearer").map { .bearer($0) }
    }

    private static func apiKey(_ auth: Section) -> AuthConfig? {
        let section = auth.section("api_key")
        let header = section.optional("header", type: "string", defaultText: "none") { text throws(Complaint) in
            guard HeaderRules.isToken(text.text.utf8) else { throw Complaint("\(text.shown) is no header name") }
            return text.text
        }
        let query = section.optional("query", type: "string", defaultText: "none", ConfigText.name)
        let value = section.requiredSecret("value", example: "{ env: NAME }")
        section.finish()
        switch (section.find("header"), section.find("query")) {
        case (let found?, _?): section.report("stands beside query; keep one of the two", at: found, onKey: true)
        case (nil, nil):
            if section.exists { section.missing("header", "write header: X-Api-Key, or query: NAME") }
        default: break
        }
        guard let value else { return nil }
        return header.map { .apiKey(.header($0), value: value) } ?? query.map { .apiKey(.query($0), value: value) }
    }

    private static func aws(_ auth: Section) -> AuthConfig? {
        let section = auth.section("aws")
        let accessKey = section.requiredSecret("access_key", example: "{ env: AWS_ACCESS_KEY_ID }")
        let secretKey = section.requiredSecret("secret_key", example: "{ env: AWS_SECRET_ACCESS_KEY }")
        let token = section.optionalSecret("session_token")
        func word(_ key: String, _ example: String) -> String? {
            section.required(key, type: "string", example: example) { text throws(Complaint) in
                guard !text.text.isEmpty, text.text.utf8.allSatisfy(isWordByte) else {
                    throw Complaint("\(text.shown) must be a word such as \(example)")
                }
                return text.text
            }
        }
        let region = word("region", "eu-central-1")
        let service = word("service", "execute-api")
        section.finish()
        guard let accessKey, let secretKey, let region, let service else { return nil }
        return .aws(
            AWSCredentials(accessKey: accessKey, secretKey: secretKey, region: region, service: service),
            sessionToken: token)
    }

    private static func oauth2(_ auth: Section) -> AuthConfig? {
        let section = auth.section("oauth2")
        let url = section.required(
            "token_url", type: "URL", example: "https://auth.example.com/oauth/token", EndpointURL.check)
        let id = section.requiredSecret("client_id", example: "shop")
        let secret = section.requiredSecret("client_secret", example: "{ env: NAME }")
        let scope = section.optional("scope", type: "string", defaultText: "none", ConfigText.name)
        let audience = section.optional("audience", type: "string", defaultText: "none", ConfigText.name)
        let authority = section.optional("ca", type: "path", defaultText: "none") { text throws(Complaint) in
            let path = try FilePath.check(text, section.source)
            try PEMFile.requireCertificate(path)
            return path
        }
        section.finish()
        guard let url, let id, let secret else { return nil }
        return .oauth2(
            OAuth2Config(
                tokenURL: url, clientID: id, clientSecret: secret, scope: scope, audience: audience,
                authorityFile: authority))
    }
}
