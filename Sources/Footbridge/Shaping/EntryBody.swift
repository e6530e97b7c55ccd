internal import FootbridgeWebhooks
internal import RedisStreams

/// Bodies that are made of a whole entry without a program.
enum EntryBody {
    /// `{"id":"1700000000000-0","stream":"orders","timestamp":1700000000.000,"fields":{…}}`: jq's input without what differs
    /// from attempt to attempt. The timestamp is in seconds.
    static func writeEnvelope(_ id: EntryID, _ stream: String, _ fields: EntryFields, into out: inout [UInt8]) {
        out.append(contentsOf: #"{"id":"\#(id)","stream":"#.utf8)
        var stream = stream
        stream.withUTF8 { _ = JSONString.append(UnsafeRawBufferPointer($0), to: &out) }
        let thousandths = String(id.milliseconds % 1000)
        let zeros = String(repeating: "0", count: 3 - thousandths.utf8.count)
        out.append(contentsOf: ",\"timestamp\":\(id.milliseconds / 1000).\(zeros)\(thousandths),\"fields\":".utf8)
        fields.withUnsafeFields { FieldsBody.write($0, into: &out) }
        out.append(UInt8(ascii: "}"))
    }

    /// `name=value&…` in the order of the fields, as the URL standard writes forms; bytes that are no text are encoded like all
    /// others.
    static func writeForm(_ fields: EntryFields, into out: inout [UInt8]) {
        fields.withUnsafeFields { fields in
            for (index, field) in fields.enumerated() {
                if index > 0 { out.append(UInt8(ascii: "&")) }
                PercentCoding.append(field.name, for: .form, to: &out)
                out.append(UInt8(ascii: "="))
                PercentCoding.append(field.value, for: .form, to: &out)
            }
        }
    }
}
