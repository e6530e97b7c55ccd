internal import FootbridgeJQ
internal import FootbridgeWebhooks

extension CloudEventsConfig {
    /// Reads `cloudevents` of a webhook: `false`, a mode, or a map; `nil` if requests are no events.
    init?(_ webhook: Section) {
        webhook.note("cloudevents", type: "false, binary, structured, batch or map", defaultText: "false")
        let (scalar, section) = webhook.choice("cloudevents", or: "binary, structured, batch")
        self.init()
        section.name("mode", &mode)
        id = section.attribute("id", defaultText: "webhook-id", EventRule.text)
        source = section.attribute("source", defaultText: "/streams/<stream>", EventRule.reference)
        type = section.attribute(
            "type", defaultText: "the field type, else \(Self.defaultType)", EventRule.text)
        subject = section.attribute("subject", defaultText: "none", EventRule.text)
        dataSchema = section.attribute("dataschema", defaultText: "none", EventRule.reference)
        time = section.attribute("time", defaultText: "the time in the entry's id", EventRule.time)
        section.note("extensions", type: "map of strings, \\(…) or fields", defaultText: "none")
        extensions = Self.extensions(section.section("extensions"))
        handshake = section.optional("handshake", type: "string", defaultText: "none") { text throws(Complaint) in
            let isName = text.text.utf8.allSatisfy {
                Self.isNameByte($0 | 0x20) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
            guard isName, !text.text.isEmpty else {
                throw Complaint("\(text.shown) is no DNS name; write one that you own, such as events.example.com")
            }
            return text.text
        }
        section.finish()
        guard let scalar else {
            if section.exists { return }
            return nil
        }
        guard let mode: Mode = webhook.word(at: scalar, or: "binary, structured, batch, or a map with mode") else {
            return nil
        }
        self.mode = mode
    }

    private static func extensions(_ section: Section) -> [Extension] {
        section.freeEntries().compactMap { name, found in
            guard !name.isEmpty, name.utf8.count <= 20, name.utf8.allSatisfy(isNameByte) else {
                section.report(
                    "is no attribute's name; use 1 to 20 lower-case letters and digits", at: found, onKey: true)
                return nil
            }
            guard !reserved.contains(name) else {
                section.report("is an attribute of its own, and no extension", at: found, onKey: true)
                return nil
            }
            return section.attribute(at: found, EventRule.text).map { Extension(name: name, value: $0) }
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static let reserved: Set = [
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data", "database64",
    ]
}

/// What an attribute's value has to be (CloudEvents 1.0.2 §3.1).
enum EventRule {
    /// Not empty, without control characters.
    case text
    /// An absolute or relative URI.
    case reference
    /// Of RFC 3339.
    case time

    /// Why `value` is none; `nil` if it is.
    func objection(to value: some Collection<UInt8>) -> String? {
        switch self {
        case .text: value.isEmpty ? "is empty" : nil
        case .reference:
            if value.isEmpty { "is empty" } else { value.allSatisfy(Self.isReferenceByte) ? nil : "is no URI" }
        case .time: Timestamp.isValid(value) ? nil : "is no time as RFC 3339 writes it (2024-01-31T10:00:00Z)"
        }
    }

    private static func isReferenceByte(_ byte: UInt8) -> Bool {
        guard (0x21...0x7E).contains(byte) else { return false }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
            UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
            return false
        default: return true
        }
    }
}

extension Section {
    /// An attribute at an optional key.
    fileprivate func attribute(_ key: String, defaultText: String, _ rule: EventRule) -> EventAttribute {
        note(key, type: "string, \\(…) or { field: NAME }", defaultText: defaultText)
        return find(key).flatMap { attribute(at: $0, rule) } ?? .standard
    }

    /// Text, or `{ field: NAME }`.
    fileprivate func attribute(at found: Found, _ rule: EventRule) -> EventAttribute? {
        guard case .mapping(let entries) = found.node.content else {
            if isTemplate(found) {
                let template = template(at: found) { text throws(Complaint) in
                    if rule != .time, let objection = rule.objection(to: text.text.utf8) {
                        throw Complaint("\(text.shown) \(objection)")
                    }
                    return text.text
                }
                return template.map { .template(EventAttribute.Template(template: $0)) }
            }
            return value(at: found) { text throws(Complaint) in
                if let objection = rule.objection(to: text.text.utf8) { throw Complaint("\(text.shown) \(objection)") }
                guard HeaderRules.isSafeValue(text.text.utf8) else {
                    throw Complaint("\(text.shown) holds a control character; remove it")
                }
                return .literal(text.text)
            }
        }
        let section = Section(
            source, layers: [Layer(entries: entries, path: found.path, rank: found.rank)], path: found.path,
            pattern: "", place: found.keyPlace)
        let field = section.find("field")
        section.finish()
        guard let field else {
            report("must be text, or { field: NAME }", at: found)
            return nil
        }
        return section.value(at: field, ConfigText.name).map { .field($0) }
    }
}
