internal import FootbridgeCurl
import FootbridgeWebhooks

/// Where the spans of attempts go, and of which ones there are any.
public struct TracingConfig: Sendable, Equatable {
    /// Of a collector that takes OTLP over HTTP, without `/v1/traces`.
    public var url: String
    /// In the order of the file; their values may be secrets.
    public var headers: [WebhookConfig.Header]
    /// PEM; in place of the system's authorities.
    public var authorityFile: String?
    /// Of traces that begin here; entries that bring one say it themselves.
    public var sample: Share
    public var serviceName: String

    public init(
        url: String, headers: [WebhookConfig.Header] = [], authorityFile: String? = nil, sample: Share = .all,
        serviceName: String = "footbridge"
    ) {
        self.url = url
        self.headers = headers
        self.authorityFile = authorityFile
        self.sample = sample
        self.serviceName = serviceName
    }

    /// Where requests go.
    var tracesURL: String {
        url.hasSuffix(Self.path) ? url : (url.hasSuffix("/") ? String(url.dropLast()) : url) + Self.path
    }

    private static let path = "/v1/traces"
}

extension TracingConfig {
    /// `nil` without the key: then nothing is traced.
    init?(_ section: Section) {
        section.note("otlp", type: "URL", defaultText: nil)
        let url =
            section.exists
            ? section.required("otlp", type: "URL", example: "http://127.0.0.1:4318", Self.checkURL) : nil
        self.init(url: url ?? "")
        headers = Self.headers(section)
        authorityFile = section.optional("ca", type: "path", defaultText: "none") { text throws(Complaint) in
            let path = try FilePath.check(text, section.source)
            try PEMFile.requireCertificate(path)
            return path
        }
        section.share("sample", &sample)
        section.string("service_name", &serviceName, ConfigText.name)
        section.finish()
        if url == nil { return nil }
    }

    private static func checkURL(_ text: ConfigText) throws(Complaint) -> String {
        let url = try EndpointURL.check(text)
        guard !url.contains("?") else {
            throw Complaint("has a query, and /v1/traces is put behind it; write keys into headers")
        }
        return url
    }

    private static func headers(_ tracing: Section) -> [WebhookConfig.Header] {
        tracing.note("headers", type: "map of strings or secrets", defaultText: "none")
        let section = tracing.section("headers")
        return section.freeEntries(same: { $0.lowercased() }).compactMap { name, found in
            guard HeaderRules.isToken(name.utf8) else {
                section.report("is no header name; use letters, digits and -", at: found, onKey: true)
                return nil
            }
            guard !["content-type", "content-length", "transfer-encoding"].contains(name.lowercased()) else {
                section.report("cannot be set here: footbridge sets it", at: found, onKey: true)
                return nil
            }
            return section.secret(at: found) { secret throws(Complaint) in
                let text = try secret.text()
                guard HeaderRules.isSafeValue(text.text.utf8) else {
                    throw Complaint("the value holds a control character or a line break; remove it")
                }
                return WebhookConfig.Header(name: name, value: text.text)
            }
        }
    }

    /// Each request has one `traceparent`.
    static func check(_ routes: [(config: RouteConfig, section: Section)]) {
        for (config, section) in routes {
            guard config.webhook?.headers.contains(where: { $0.name.lowercased() == "traceparent" }) ?? false else {
                continue
            }
            let webhook = section.section("webhook")
            webhook.contradiction(
                "holds traceparent, which tracing sets; remove it there", among: webhook.find("headers"))
        }
    }
}
