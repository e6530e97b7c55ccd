internal import FootbridgeCurl
internal import FootbridgeJQ
internal import FootbridgeWebhooks

extension SecretMask {
    /// What requests of a route are made with, and nobody else should see.
    ///
    /// - Parameter urls: paths of URLs are taken for secrets as long as logs do not show them.
    init(_ webhook: WebhookConfig, urls: LoggedURLs) {
        self.init()
        for secret in webhook.sign { for text in secret.spellings { add(text) } }
        for rule in webhook.hmac { add(rule.secret.revealed()) }
        add(headers: webhook.headers)
        if let auth = webhook.auth { add(auth) }
        if let password = webhook.connection.tls.keyPassword { add(password) }
        if let proxy = webhook.connection.proxy { add(proxy: proxy) }
        let pieces = webhook.urlTemplate?.pieces ?? [.text(webhook.url)]
        var texts: [String] = []
        for case .text(let text) in pieces { texts.append(text) }
        add(url: texts, paths: urls == .masked || webhook.isURLSecret)
    }

    /// Of a collector.
    init(_ tracing: TracingConfig) {
        self.init()
        add(headers: tracing.headers)
    }

    /// What of a value is long enough to be a secret, if nothing else says that it is one.
    private static let leastOfValue = 8

    // MARK: - Headers

    /// Those that hold no secret; others would make answers unreadable if their values were taken out.
    private static let harmless: Set = [
        "accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "content-encoding", "host",
        "pragma", "prefer", "user-agent",
    ]

    private mutating func add(headers: [WebhookConfig.Header]) {
        for header in headers where !Self.harmless.contains(header.name.lowercased()) {
            guard let template = header.template else {
                add(value: header.value)
                continue
            }
            for case .text(let text) in template.pieces { add(value: text) }
        }
    }

    /// The whole, and each part that a receiver may take out of it: `Bearer TOKEN`, `sid=TOKEN; …`.
    private mutating func add(value: String) {
        add(value, atLeast: Self.leastOfValue)
        for word in value.split(whereSeparator: { " ,;".contains($0) }) {
            add(String(word), atLeast: Self.leastOfValue)
            for part in word.split(whereSeparator: { "=:\"".contains($0) }) {
                add(String(part), atLeast: Self.leastOfValue)
            }
        }
        guard value.lowercased().hasPrefix("basic "),
            let pair = Base64.decode(Array(value.dropFirst(6).utf8), urlSafe: true),
            let colon = pair.firstIndex(of: UInt8(ascii: ":"))
        else { return }
        add(Array(pair[(colon + 1)...]))
    }

    // MARK: - Credentials

    private mutating func add(_ auth: AuthConfig) {
        switch auth {
        case .basic(let user, let password): add(user: user, password: password)
        case .bearer(let token): add(token)
        case .apiKey(_, let value): add(value)
        case .aws(let credentials, let sessionToken):
            add(credentials.accessKey, atLeast: Self.leastOfValue)
            add(credentials.secretKey)
            if let sessionToken { add(sessionToken) }
        case .oauth2(let config):
            add(config.clientSecret)
            add(
                user: PercentCoding.encoded(config.clientID, for: .url),
                password: PercentCoding.encoded(config.clientSecret, for: .url))
            add(url: [config.tokenURL], paths: false)
        }
    }

    /// Some services take a key for the user.
    private mutating func add(user: String, password: String) {
        add(user, atLeast: Self.leastOfValue)
        add(password)
        add(String(BasicAuthorization.value(user: user, password: password).dropFirst("Basic ".count)))
    }

    private mutating func add(proxy url: String) {
        guard let scheme = url.firstRange(of: "://"), let at = url.lastIndex(of: "@"), scheme.upperBound <= at else {
            return
        }
        let login = url[scheme.upperBound..<at].split(separator: ":", maxSplits: 1).map(String.init)
        guard login.count == 2 else { return }
        add(login[1])
        add(user: Self.decoded(login[0]), password: Self.decoded(login[1]))
    }

    // MARK: - URLs

    /// - Parameter pieces: what is fixed of it, in order.
    private mutating func add(url pieces: [String], paths: Bool) {
        var isInQuery = false
        for (index, piece) in pieces.enumerated() {
            var text = piece[...]
            if index == 0, let scheme = text.firstRange(of: "://") {
                text = text[scheme.upperBound...].drop { !"/?".contains($0) }
            }
            for part in text.split(separator: "?", omittingEmptySubsequences: false).enumerated() {
                isInQuery = isInQuery || part.offset > 0
                guard isInQuery || paths else { continue }
                for word in part.element.split(whereSeparator: { "/&=".contains($0) }) {
                    add(String(word), atLeast: Self.leastOfValue)
                    add(Self.decoded(String(word)), atLeast: Self.leastOfValue)
                }
            }
        }
    }

    private static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
