import FoundationEssentials
import RedisStreams

/// An entry as one line of NDJSON.
///
/// ```
/// {"stream":"orders","id":"1767312000000-0","time":"2026-01-02T00:00:00.000Z","fields":{"type":"created"}}
/// ```
/// Nothing is lost on the way: values that are not UTF-8 stand as base64 in `fields_base64`, under their names. Where an
/// object cannot hold the fields, because a name repeats or is not UTF-8, `pairs_base64` has all of them in their order, as
/// `[name, value]`, and of a name that repeats `fields` has the first.
enum EntryJSON {
    static func line(_ message: Message) -> [UInt8] {
        var line = head(message.stream, message.id)
        add(message.fields, to: &line)
        return line.bytes
    }

    /// The fields that an object can hold as text, as its members; and whether that is all of them.
    static func object(of fields: EntryFields) -> (object: JSONLine, isWhole: Bool) {
        var (object, names, isWhole) = (JSONLine(), Set<ArraySlice<UInt8>>(), true)
        for field in fields {
            guard names.insert(field.name).inserted, let name = JSONLine.string(field.name),
                let value = JSONLine.string(field.value)
            else {
                isWhole = false
                continue
            }
            object.add(quoted: name, json: value)
        }
        return (object, isWhole)
    }

    static func add(_ fields: EntryFields, to line: inout JSONLine) {
        var (texts, others, names) = (JSONLine(), JSONLine(), Set<ArraySlice<UInt8>>())
        var isObject = true
        for field in fields {
            let isNew = names.insert(field.name).inserted
            guard isNew, let name = JSONLine.string(field.name) else {
                isObject = false
                continue
            }
            if let value = JSONLine.string(field.value) {
                texts.add(quoted: name, json: value)
            } else {
                others.add(quoted: name, json: base64(field.value))
            }
        }
        line.add("fields", texts)
        if !others.isEmpty { line.add("fields_base64", others) }
        if !isObject { line.add("pairs_base64", json: pairs(fields)) }
    }

    /// An entry that is pending and no longer in the stream.
    static func deleted(_ stream: String, _ id: EntryID) -> [UInt8] {
        var line = head(stream, id)
        line.add("deleted", true)
        return line.bytes
    }

    private static func head(_ stream: String, _ id: EntryID) -> JSONLine {
        var line = JSONLine()
        line.add("stream", stream)
        line.add("id", id.description)
        if let time = id.time { line.add("time", time) }
        return line
    }

    private static func pairs(_ fields: EntryFields) -> [UInt8] {
        let pairs = fields.map {
            Array("[".utf8) + base64($0.name) + Array(",".utf8) + base64($0.value) + Array("]".utf8)
        }
        return Array("[".utf8) + pairs.joined(separator: ",".utf8) + Array("]".utf8)
    }

    private static func base64(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        JSONLine.string(Data(bytes).base64EncodedString())
    }
}
