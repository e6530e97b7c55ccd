internal import FootbridgeWebhooks
internal import RedisStreams

/// Makes the body of a request, or a message, of an entry.
struct BodyWriter {
    private let format: BodyFormat
    private let fieldName: [UInt8]
    private let streams: [String]
    private let shaper: Shaper?

    /// - Parameter shaper: the programs of the route; it has begun with the entry when `write` is called.
    init(_ format: BodyFormat, streams: [String], shaper: Shaper?) {
        self.format = format
        self.streams = streams
        self.shaper = shaper
        if case .field(let name) = format { fieldName = Array(name.utf8) } else { fieldName = [] }
    }

    /// - Throws: if the entry has no such body.
    func write(_ delivery: Delivery, into body: inout [UInt8]) throws(UnmakeableRequest) {
        let fields = delivery.fields
        switch format {
        case .fields:
            fields.withUnsafeFields { FieldsBody.write($0, into: &body) }
        case .field(let name):
            guard let field = fields.first(where: { $0.name.elementsEqual(fieldName) }) else {
                throw UnmakeableRequest(description: "no field \"\(name)\"")
            }
            body.append(contentsOf: field.value)
        case .typed: fields.withUnsafeFields { FieldsBody.write($0, typed: true, into: &body) }
        case .envelope: EntryBody.writeEnvelope(delivery.key.id, streams[delivery.key.stream], fields, into: &body)
        case .form: EntryBody.writeForm(fields, into: &body)
        case .jq: try shaper?.writeBody(to: &body)
        }
    }
}
