import RedisStreams

/// One line of NDJSON as the fields of an entry.
enum EventLine {
    static func fields(_ line: String, typed: Bool = false) throws(EventLineError) -> EntryFields {
        try fields(Array(line.utf8), typed: typed)
    }

    /// In the order of the line. Strings as they are; numbers, booleans, arrays, objects and null as they are written:
    /// `12.50` stays `12.50`. Typed, strings are written as JSON, too: then `"3"` and `3` stay two things.
    ///
    /// A byte-order mark in front is no part of it.
    static func fields(_ bytes: [UInt8], typed: Bool = false) throws(EventLineError) -> EntryFields {
        let line = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        if let column = firstColumnThatIsNotUTF8(line) { throw .notUTF8(column: column) }
        var pairs: [EntryFields.Element] = []
        for (name, value) in try JSONObjectText.members(line) {
            let isText = !typed && value.first == UInt8(ascii: "\"")
            pairs.append((try JSONText.decoded(name, in: line), isText ? try JSONText.decoded(value, in: line) : value))
        }
        guard !pairs.isEmpty else { throw .empty }
        return EntryFields(pairs)
    }

    private static func firstColumnThatIsNotUTF8(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var (source, parser, column) = (bytes.makeIterator(), Unicode.UTF8.ForwardParser(), 1)
        while case .valid = parser.parseScalar(from: &source) { column += 1 }
        return column
    }
}

enum EventLineError: Error, CustomStringConvertible {
    case notAnObject, empty
    /// The column, from 1 in characters, and what is wrong there.
    case notJSON(column: Int, String)
    /// The column of the first byte that is not part of a character.
    case notUTF8(column: Int)
    /// The escape of a surrogate that stands alone.
    case halfCharacter(column: Int, String)

    var description: String {
        switch self {
        case .notJSON(let column, let words): "column \(column): not JSON: \(words)"
        case .notAnObject: "not a JSON object; write {\"name\": \"value\"}"
        case .notUTF8(let column): "column \(column): not UTF-8; write other bytes as base64"
        case .halfCharacter(let column, let escape):
            "column \(column): \(escape) is half a character, and UTF-8 has none; write both halves, or send it with --typed"
        case .empty: "an object without members; an entry needs at least one field"
        }
    }
}
