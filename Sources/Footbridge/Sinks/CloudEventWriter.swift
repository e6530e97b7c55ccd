internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import RedisStreams

/// Makes events of CloudEvents 1.0.2 of entries: their attributes as headers, or body and attributes as one JSON object.
///
/// What is the same for all entries of a route is made once. One per route and worker: nothing is allocated per entry but
/// by a check of JSON that a field holds.
struct CloudEventWriter {
    private enum Value {
        /// `webhook-id`.
        case messageID
        /// By the index of the stream.
        case stream([[UInt8]])
        /// The time in the entry's id, if it is one.
        case entryTime
        case field([UInt8])
        /// What the shaper makes of the entry.
        case shaped(Shaper)
        /// The field, or this text where it is missing or empty.
        case fieldOr([UInt8], [UInt8])
    }

    private struct Attribute {
        /// `ce-type`.
        let header: [UInt8]
        /// `,"type":`
        let member: [UInt8]
        let value: Value
        let rule: EventRule
        let isRequired: Bool
        let name: String
    }

    /// What the body is in an object.
    fileprivate enum DataKind {
        case json, text, binary
    }

    let mode: CloudEventsConfig.Mode
    private let attributes: [Attribute]
    /// The object's beginning, up to the attributes that differ.
    private let head: [UInt8]
    private let kind: DataKind
    private var scratch: [UInt8] = []
    private var value: [UInt8] = []

    /// `nil` if the route's requests are no events.
    init?(_ webhook: WebhookConfig, of route: RouteConfig, namespace: String?, shaper: Shaper?) {
        guard let config = webhook.cloudEvents else { return nil }
        mode = config.mode
        kind = DataKind(webhook.contentType)
        let sources = route.streams.map { Self.source(of: $0, namespace) }
        let standards: [String: Value] = [
            "id": .messageID, "source": .stream(sources), "time": .entryTime,
            "type": .fieldOr(Array("type".utf8), Array(CloudEventsConfig.defaultType.utf8)),
        ]
        attributes = config.attributes.compactMap { name, attribute, rule in
            let value: Value?
            switch attribute {
            case .literal: value = nil
            case .field(let field): value = .field(Array(field.utf8))
            case .template: value = shaper.map { .shaped($0) }
            case .standard: value = standards[name]
            }
            return value.map {
                Attribute(
                    header: Array("ce-\(name)".utf8), member: Array(",\"\(name)\":".utf8), value: $0, rule: rule,
                    isRequired: ["id", "source", "type"].contains(name), name: name)
            }
        }
        var head: [UInt8] = []
        for (name, text) in config.literals + [("datacontenttype", webhook.contentType)] {
            head.append(UInt8(ascii: head.isEmpty ? "{" : ","))
            head.append(contentsOf: "\"\(name)\":".utf8)
            _ = Array(text.utf8).withUnsafeBytes { JSONString.append($0, to: &head) }
        }
        self.head = head
    }

    /// Header lines that all entries of a route have.
    static func fixedHeaders(_ config: CloudEventsConfig) -> [String] {
        config.literals.map { name, text in
            var line = Array("ce-\(name): ".utf8)
            PercentCoding.append(Array(text.utf8), for: .eventHeader, to: &line)
            return String(decoding: line, as: UTF8.self)
        }
    }

    /// A path that tells the streams of one namespace apart: `/shop/streams/orders`.
    private static func source(of stream: String, _ namespace: String?) -> [UInt8] {
        let place = namespace.map { "/" + PercentCoding.encoded($0, for: .url) } ?? ""
        return Array("\(place)/streams/\(PercentCoding.encoded(stream, for: .url))".utf8)
    }

    // MARK: - binary

    /// Adds the headers that differ from entry to entry.
    mutating func addHeaders(
        of delivery: Delivery, id: [UInt8], now: Int64, to buffer: inout RequestBuffer
    ) throws(UnmakeableRequest) {
        for attribute in attributes where try read(attribute, delivery, id, now) {
            let value = value
            buffer.addHeader(attribute.header) { PercentCoding.append(value, for: .eventHeader, to: &$0) }
        }
    }

    // MARK: - structured

    /// Appends the whole object; `write` appends the body that stands in it.
    ///
    /// - Parameter isJSON: what `write` appends is known to be JSON.
    mutating func appendObject(
        of delivery: Delivery, id: [UInt8], now: Int64, isJSON: Bool, to body: inout [UInt8],
        _ write: (inout [UInt8]) throws(UnmakeableRequest) -> Void
    ) throws(UnmakeableRequest) {
        body.append(contentsOf: head)
        for attribute in attributes where try read(attribute, delivery, id, now) {
            body.append(contentsOf: attribute.member)
            _ = value.withUnsafeBytes { JSONString.append($0, to: &body) }
        }
        if isJSON && kind == .json {
            body.append(contentsOf: #","data":"#.utf8)
            try write(&body)
        } else {
            scratch.removeAll(keepingCapacity: scratch.capacity <= 256 * 1024)
            try write(&scratch)
            appendData(to: &body)
        }
        body.append(UInt8(ascii: "}"))
    }

    /// What is not what its content type says is kept byte for byte, as base64.
    private func appendData(to body: inout [UInt8]) {
        scratch.withUnsafeBytes { bytes in
            switch kind {
            case .json where JSONSyntax.isValue(bytes):
                body.append(contentsOf: #","data":"#.utf8)
                body.append(contentsOf: bytes)
                return
            case .text:
                let start = body.count
                body.append(contentsOf: #","data":"#.utf8)
                if JSONString.append(bytes, to: &body) { return }
                body.removeLast(body.count - start)
            case .json, .binary: break
            }
            body.append(contentsOf: #","data_base64":""#.utf8)
            Base64.encode(bytes, into: &body)
            body.append(UInt8(ascii: "\""))
        }
    }

    // MARK: - values

    /// Puts an attribute's value into `value`; false if the entry has none.
    private mutating func read(
        _ attribute: Attribute, _ delivery: Delivery, _ id: [UInt8], _ now: Int64
    ) throws(UnmakeableRequest) -> Bool {
        value.removeAll(keepingCapacity: true)
        switch attribute.value {
        case .messageID: value.append(contentsOf: id)
        case .stream(let sources): value.append(contentsOf: sources[delivery.key.stream])
        case .entryTime:
            guard delivery.key.id.age(now: now) != nil else { return false }
            value.append(
                contentsOf: LogTime.iso8601(milliseconds: Int64(clamping: delivery.key.id.milliseconds)).utf8)
        case .field(let name):
            let isThere = takeField(name, of: delivery)
            if !isThere || value.isEmpty {
                guard attribute.isRequired else { return false }
                let field = String(decoding: name, as: UTF8.self)
                throw UnmakeableRequest(
                    description: isThere
                        ? "the field \"\(field)\" is empty: no \(attribute.name) of a CloudEvent"
                        : "no field \"\(field)\": no \(attribute.name) of a CloudEvent")
            }
            try check(attribute, field: name)
        case .shaped(let shaper):
            value.append(contentsOf: try shaper.eventAttribute(attribute.name))
            if value.isEmpty, !attribute.isRequired { return false }
            guard let objection = attribute.rule.objection(to: value) else { break }
            throw UnmakeableRequest("webhook.cloudevents.\(attribute.name)", objection)
        case .fieldOr(let name, let text):
            if takeField(name, of: delivery), !value.isEmpty {
                try check(attribute, field: name)
            } else {
                value.append(contentsOf: text)
            }
        }
        return true
    }

    private mutating func takeField(_ name: [UInt8], of delivery: Delivery) -> Bool {
        guard let field = delivery.fields.first(where: { $0.name.elementsEqual(name) }) else { return false }
        value.append(contentsOf: field.value)
        return true
    }

    private func check(_ attribute: Attribute, field: [UInt8]) throws(UnmakeableRequest) {
        let objection = value.withUnsafeBytes { bytes in
            (try? UTF8Span(validating: bytes.assumingMemoryBound(to: UInt8.self).span)) == nil ? "is not UTF-8" : nil
        }
        guard let objection = objection ?? attribute.rule.objection(to: value) else { return }
        throw UnmakeableRequest(
            description: "the field \"\(String(decoding: field, as: UTF8.self))\" \(objection): "
                + "no \(attribute.name) of a CloudEvent")
    }
}

extension CloudEventsConfig.Mode {
    /// Of a request whose body is the object, or an array of them (JSON event format 1.0.2 §3, §4.1); `nil`: that of the body.
    var contentType: String? {
        switch self {
        case .binary: nil
        case .structured: "application/cloudevents+json; charset=UTF-8"
        case .batch: "application/cloudevents-batch+json; charset=UTF-8"
        }
    }
}

extension CloudEventsConfig {
    /// All that may differ from entry to entry, with what they have to be.
    var attributes: [(name: String, value: EventAttribute, rule: EventRule)] {
        [
            ("id", id, .text), ("source", source, .reference), ("type", type, .text), ("subject", subject, .text),
            ("dataschema", dataSchema, .reference), ("time", time, .time),
        ] + extensions.map { ($0.name, $0.value, .text) }
    }

    /// The version, and what the configuration itself says.
    fileprivate var literals: [(name: String, text: String)] {
        [("specversion", "1.0")]
            + attributes.compactMap { name, value, _ in
                if case .literal(let text) = value { (name, text) } else { nil }
            }
    }
}

extension CloudEventWriter.DataKind {
    /// By the media type (JSON event format 1.0.2 §3.1).
    init(_ contentType: String) {
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        let isText =
            type.hasPrefix("text/") || type.hasSuffix("/xml") || type.hasSuffix("+xml")
            || type == "application/x-www-form-urlencoded"
        self = type.hasSuffix("/json") || type.hasSuffix("+json") ? .json : isText ? .text : .binary
    }
}
