internal import CFootbridgeOpenSSL
internal import FootbridgeCurl

extension ConnectionOptions {
    /// How a webhook's connections are made. The addresses that are allowed for all routes are added later.
    init(_ webhook: Section, url: String) {
        self.init(addressGuard: webhook.allowedAddresses())
        readVersion(webhook, url: url)
        readProxy(webhook, url: url)
        unixSocket = webhook.optional("unix_socket", type: "path", defaultText: "none") { text throws(Complaint) in
            let path = try FilePath.check(text, webhook.source)
            // sockaddr_un holds 108 bytes with the 0 behind them.
            guard path.utf8.count <= UnixAddress.longestPath else {
                throw Complaint("\(path) has \(path.utf8.count) bytes; a unix socket's path may have 107")
            }
            return path
        }
        let section = webhook.section("tls")
        tls.read(section)
        section.finish()
        if let found = webhook.find("tls"), found.rank == 0, url.lowercased().hasPrefix("http://"), section.exists {
            webhook.report("needs a URL with https://", at: found, onKey: true)
        }
    }

    private mutating func readVersion(_ webhook: Section, url: String) {
        let version = webhook.optional("http_version", type: "1.1, 2", defaultText: "1.1") {
            text throws(Complaint) -> HTTPVersion in
            switch text.text {
            case "1.1": return .http1
            case "2": return .http2
            default: throw Complaint("\(text.shown) is unknown; write 1.1 or 2")
            }
        }
        guard let version else { return }
        httpVersion = version
        if version == .http2, let found = webhook.find("http_version"), found.rank == 0,
            url.lowercased().hasPrefix("http://")
        {
            webhook.report("HTTP/2 is spoken over TLS; write a URL with https://, or 1.1", at: found)
        }
    }

    private mutating func readProxy(_ webhook: Section, url: String) {
        let environment = ProxyEnvironment { webhook.source.environment[$0] }
        let choice = webhook.optional("proxy", type: "none, environment or URL", defaultText: "none", ProxyText.parse)
        switch choice {
        case .url(let url): proxy = url
        case .environment:
            proxy = environment.proxy(for: url)?.url
            if url.isEmpty, !webhook.isTemplate, let found = webhook.find("proxy"),
                webhook.find("url").map(webhook.isTemplate) ?? false
            {
                webhook.report(
                    "depends on the host, which comes from the entry here; name the proxy, or write none", at: found)
            }
        case .some(.none): break
        case nil:
            guard !webhook.isTemplate, webhook.find("unix_socket") == nil,
                let (variable, _) = environment.proxy(for: url)
            else { return }
            // Once for all routes.
            webhook.source.advise(
                "\(variable) is set and not used; write proxy: environment to send through it, or proxy: none",
                path: "webhook.proxy")
        }
    }
}

extension TLSOptions {
    mutating func read(_ section: Section) {
        func file(_ key: String, _ check: (String) throws(Complaint) -> Void) -> String? {
            section.optional(key, type: "path", defaultText: "none") { text throws(Complaint) in
                let path = try FilePath.check(text, section.source)
                try check(path)
                return path
            }
        }
        authorityFile = file("ca") { path throws(Complaint) in try PEMFile.requireCertificate(path) }
        certificateFile = file("cert") { path throws(Complaint) in try PEMFile.requireCertificate(path) }
        keyFile = file("key") { path throws(Complaint) in _ = try FileText.read(path, limit: PEMFile.limit) }
        keyPassword = section.optionalSecret("key_password")
        section.name("min_version", &minimumVersion)
        serverName = section.optional("server_name", type: "string", defaultText: "the URL's host") {
            text throws(Complaint) in
            guard (1...253).contains(text.text.utf8.count), text.text.utf8.allSatisfy(isWordByte) else {
                throw Complaint("\(text.shown) is no name of a host")
            }
            return text.text
        }
        section.flag("insecure", &isInsecure)
        if isInsecure {
            section.advise(
                "the receiver's certificate is not checked: whoever stands between reads it all", key: "insecure")
        }
        guard !section.isTemplate else { return }
        if certificateFile == nil, let key = section.find("key"), section.find("cert") == nil {
            return section.report("stands without cert, the certificate that it is for", at: key, onKey: true)
        }
        guard let certificateFile, let found = section.find(keyFile == nil ? "cert" : "key") else { return }
        if let fault = PEMFile.fault(ofKey: keyFile ?? certificateFile, for: certificateFile, password: keyPassword) {
            section.report(fault, at: found)
        }
    }
}

/// What OpenSSL makes of the files that it is to use later.
enum PEMFile {
    static let limit = 4 << 20

    static func requireCertificate(_ path: String) throws(Complaint) {
        _ = try FileText.read(path, limit: limit)
        guard footbridge_pem_certificate(path) == 1 else { throw Complaint("holds no certificate in PEM") }
    }

    /// What is wrong with a key, or `nil`.
    static func fault(ofKey key: String, for certificate: String, password: String?) -> String? {
        switch footbridge_pem_key(certificate, key, password) {
        case 0: nil
        case 1:
            "holds no private key in PEM that can be read\(password == nil ? "; if it is encrypted, write key_password" : " with this key_password")"
        default: "is not the key of the certificate"
        }
    }
}

/// The path of a file that the configuration names.
enum FilePath {
    static func check(_ text: ConfigText, _ source: ConfigSource) throws(Complaint) -> String {
        guard !text.text.isEmpty, !text.text.utf8.contains(0) else {
            throw Complaint("is empty; write the path of a file")
        }
        return source.path(text.text)
    }
}
