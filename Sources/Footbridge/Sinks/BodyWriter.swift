internal import RedisStreams
internal import Webhooks

/// Makes the body of a request, or a message, of an entry.
struct BodyWriter {
    private let format: BodyFormat
    private let fieldName: [UInt8]

    init(_ format: BodyFormat) {
        self.format = format
        if case .field(let name) = format { fieldName = Array(name.utf8) } else { fieldName = [] }
    }

    /// - Throws: if the entry has no such body.
    func write(_ fields: EntryFields, into body: inout [UInt8]) throws(UnmakeableRequest) {
        switch format {
        case .fields:
            fields.withUnsafeFields { FieldsBody.write($0, into: &body) }
        case .field(let name):
            guard let field = fields.first(where: { $0.name.elementsEqual(fieldName) }) else {
                throw UnmakeableRequest(description: "no field \"\(name)\"")
            }
            body.append(contentsOf: field.value)
        }
    }
}
