internal import FootbridgeCurl
import FootbridgeJQ
import FootbridgeWebhooks

extension WebhookConfig {
    init(_ section: Section) {
        let (url, urlTemplate) = section.endpoint()
        self.init(url: url ?? "", urlTemplate: urlTemplate)
        if case .mapping = section.find("url")?.node.content { isURLSecret = true }
        endpointKey = section.program("endpoint")
        section.string("method", &method, Self.checkMethod)
        headers = Self.headers(section)
        body.read(section)
        batch = BatchConfig(section)
        let usual = contentType
        if case .form = body { contentType = "application/x-www-form-urlencoded" }
        if batch?.format == .ndjson { contentType = "application/x-ndjson" }
        let read = section.optional(
            "content_type", type: "string", defaultText: usual, Self.checkContentType)
        if let read { contentType = read }
        readTimeouts(section)
        section.size("response_limit", &responseLimitBytes, 0...(16 << 20))
        readSign(section)
        auth = AuthConfig.read(section)
        readAnswers(section)
        connection = ConnectionOptions(section, url: self.url)
        cloudEvents = CloudEventsConfig(section)
        if cloudEvents?.mode == .batch, batch == nil { batch = BatchConfig() }
        idempotencyHeader = Self.idempotencyHeader(section)
        traceParent = TraceParentConfig(section)
        checkBatch(section)
        checkEndpoints(section)
        checkHandshake(section)
        section.finish()
        if !section.isTemplate { checkNames(section) }
    }

    /// It is one request to one address.
    private func checkHandshake(_ section: Section) {
        guard !section.isTemplate, cloudEvents?.handshake != nil else { return }
        let found = section.section("cloudevents").find("handshake")
        if urlTemplate != nil || endpointKey != nil {
            section.contradiction(
                "one receiver is asked, and here entries name theirs; remove handshake", among: found,
                section.find("url"))
        }
        if case .oauth2 = auth {
            section.contradiction(
                "the request that asks has no token of OAuth2; remove handshake, or auth.oauth2", among: found,
                section.find("auth"))
        }
    }

    private mutating func readAnswers(_ section: Section) {
        let accept = section.section("accept")
        statuses = StatusKinds(section, accept: accept)
        acceptBody = accept.program("body")
        acceptFailed = accept.program("failed")
        accept.finish()
        guard acceptBody != nil || acceptFailed != nil, responseLimitBytes == 0, !section.isTemplate else { return }
        accept.contradiction(
            "needs the answer, and response_limit is 0B; raise that",
            among: accept.find("body") ?? accept.find("failed"), section.find("response_limit"))
    }

    private static func idempotencyHeader(_ section: Section) -> String? {
        let read = section.optional(
            "idempotency_key", type: "false, true or string", defaultText: "false"
        ) { text throws(Complaint) -> String? in
            if text.text == "false" { return nil }
            if text.text == "true" { return "Idempotency-Key" }
            guard HeaderRules.isToken(text.text.utf8) else {
                throw Complaint("\(text.shown) is no header name; write true, or letters, digits and -")
            }
            if let cure = reserved[text.text.lowercased()] {
                throw Complaint("\(text.shown) cannot be used here: \(cure)")
            }
            return text.text
        }
        return read ?? nil
    }

    /// No header may be set twice: receivers differ in which of the two they take.
    private func checkNames(_ section: Section) {
        var names: [(name: String, key: String)] = []
        if let name = auth?.header { names.append((name, "auth")) }
        if let idempotencyHeader { names.append((idempotencyHeader, "idempotency_key")) }
        if traceParent != .off { names.append(("traceparent", "traceparent")) }
        for rule in hmac {
            names.append((rule.header, "sign"))
            if let name = rule.timestampHeader { names.append((name, "sign")) }
        }
        if cloudEvents != nil {
            for header in headers where header.name.lowercased().hasPrefix("ce-") {
                section.contradiction(
                    "\(header.name) stands in headers, too; cloudevents sets all that begin with ce-: "
                        + "write it as an attribute or extension there",
                    among: section.find("cloudevents"), section.find("headers"))
            }
        }
        var setters = Dictionary(headers.map { ($0.name.lowercased(), "headers") }) { first, _ in first }
        for (name, key) in names {
            if let other = setters.updateValue(key, forKey: name.lowercased()) {
                let who = other == key ? "by \(key)" : "by \(other) and by \(key)"
                section.contradiction(
                    "the header \(name) is set twice, \(who); keep one of the two", among: section.find(key))
            }
        }
    }

    private func checkEndpoints(_ section: Section) {
        guard isHostFromEntry, !section.isTemplate, auth != nil else { return }
        section.advise("the credentials go to whatever host an entry names", key: "auth")
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
    static let reserved = [
        "webhook-id": "footbridge sets it", "webhook-timestamp": "footbridge sets it",
        "webhook-signature": "footbridge sets it; use sign", "webhook-attempt": "footbridge sets it",
        "content-length": "footbridge sets it", "transfer-encoding": "footbridge sets it",
        "content-type": "use content_type",
    ]

    private static func headers(_ webhook: Section) -> [Header] {
        webhook.note("headers", type: "map of strings or secrets", defaultText: "none")
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
            return section.secret(at: found) { secret throws(Complaint) in try check(secret.text()) }
                .map { Header(name: name, value: $0) }
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
