internal import Curl
import JQ
import Webhooks

extension WebhookConfig {
    init(_ section: Section) {
        let (url, urlTemplate) = section.endpoint()
        self.init(url: url ?? "", urlTemplate: urlTemplate)
        section.string("method", &method, Self.checkMethod)
        headers = Self.headers(section)
        body.read(section)
        let usual = contentType
        if case .form = body { contentType = "application/x-www-form-urlencoded" }
        let read = section.optional(
            "content_type", type: "string", defaultText: usual, Self.checkContentType)
        if let read { contentType = read }
        readTimeouts(section)
        section.size("response_limit", &responseLimitBytes, 0...(16 << 20))
        sign = section.signingSecrets()
        auth = AuthConfig.read(section)
        checkAuthorization(section)
        statuses = StatusKinds(section)
        connection = ConnectionOptions(section, url: self.url)
        section.finish()
    }

    /// Two lines of one name would leave it to the receiver which one counts.
    private func checkAuthorization(_ section: Section) {
        let name: String
        switch auth {
        case .apiKey(.header(let header), _): name = header
        case .apiKey(.query, _), nil: return
        default: name = "Authorization"
        }
        guard headers.contains(where: { $0.name.lowercased() == name.lowercased() }) else { return }
        section.contradiction(
            "auth sets the header \(name), and so do headers; keep one of the two", among: section.find("auth"))
    }

    private mutating func readTimeouts(_ section: Section) {
        let range: ClosedRange<Duration> = .milliseconds(10) ... .seconds(3600)
        section.duration("timeout", &timeout, range)
        let usual = connectTimeout
        section.duration(
            "connect_timeout", &connectTimeout, range, defaultText: "\(DurationText.format(usual)), at most timeout")
        guard connectTimeout > timeout else { return }
        guard let found = section.find("connect_timeout") else {
            connectTimeout = timeout
            return
        }
        guard !section.isTemplate else { return }
        section.contradiction(
            "connect_timeout (\(DurationText.format(connectTimeout))) is a part of timeout "
                + "(\(DurationText.format(timeout))) and cannot be longer",
            among: found, section.find("timeout"))
    }

    private static func checkMethod(_ text: ConfigText) throws(Complaint) -> String {
        let method = text.text
        let upper = method.uppercased()
        guard HeaderRules.isToken(method.utf8) else { throw Complaint("\(text.shown) is no HTTP method; write POST") }
        guard method == upper else {
            throw Complaint("\(text.shown) must be in upper case\(text.isLiteral ? "; write \(upper)" : "")")
        }
        guard !["CONNECT", "HEAD", "TRACE"].contains(method) else {
            throw Complaint("\(method) cannot carry an entry; use POST, PUT, PATCH, DELETE or GET")
        }
        return method
    }

    private static func checkContentType(_ text: ConfigText) throws(Complaint) -> String {
        guard text.text.utf8.contains(UInt8(ascii: "/")), text.text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
        else { throw Complaint("\(text.shown) is no media type; write it as application/json") }
        return text.text
    }

    // MARK: headers

    /// Headers that each request gets anyway, and what to do instead of setting them.
    private static let reserved = [
        "webhook-id": "footbridge sets it", "webhook-timestamp": "footbridge sets it",
        "webhook-signature": "footbridge sets it; use sign", "webhook-attempt": "footbridge sets it",
        "content-length": "footbridge sets it", "transfer-encoding": "footbridge sets it",
        "content-type": "use content_type",
    ]

    private static func headers(_ webhook: Section) -> [Header] {
        webhook.note("headers", type: "map of strings", defaultText: "none")
        let section = webhook.section("headers")
        return section.freeEntries(same: { $0.lowercased() }).compactMap { name, found in
            guard HeaderRules.isToken(name.utf8) else {
                section.report("is no header name; use letters, digits and -", at: found, onKey: true)
                return nil
            }
            if let cure = reserved[name.lowercased()] {
                section.report("cannot be set here: \(cure)", at: found, onKey: true)
                return nil
            }
            func check(_ text: ConfigText) throws(Complaint) -> String {
                guard HeaderRules.isSafeValue(text.text.utf8) else {
                    throw Complaint("the value holds a control character or a line break; remove it")
                }
                return text.text
            }
            if section.isTemplate(found) {
                return section.template(at: found, check).map { Header(name: name, template: $0) }
            }
            return section.value(at: found, check).map { Header(name: name, value: $0) }
        }
    }
}

extension BodyFormat {
    mutating func read(_ webhook: Section) {
        webhook.note("body", type: "fields, typed, envelope, form or map", defaultText: "fields")
        let (scalar, section) = webhook.choice("body", or: "fields")
        section.note("field", type: "string", defaultText: "none")
        let field = section.find("field")
        if let field, let name = section.value(at: field, ConfigText.name) { self = .field(name) }
        if let program = section.program("jq") { self = .jq(program) }
        if let found = section.find("jq"), field != nil {
            section.report("stands beside field; keep one of the two", at: found, onKey: true)
        } else if section.exists, field == nil, section.find("jq") == nil {
            section.missing("field", "write body: { field: NAME }, { jq: PROGRAM }, or body: fields for all of them")
        }
        section.finish()
        guard let scalar else { return }
        let format = webhook.value(at: scalar) { text throws(Complaint) -> BodyFormat in
            switch text.text {
            case "fields": return .fields
            case "typed": return .typed
            case "envelope": return .envelope
            case "form": return .form
            default:
                throw Complaint(
                    "\(text.shown) is unknown; write fields, typed, envelope, form, { field: NAME } for one of them, "
                        + "or { jq: PROGRAM }")
            }
        }
        if let format { self = format }
    }
}
