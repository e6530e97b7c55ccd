import Foundation
import RedisStreams

/// One line of NDJSON as the fields of an entry.
enum EventLine {
    static func fields(_ line: String, typed: Bool = false) throws(EventLineError) -> EntryFields {
        try fields(Array(line.utf8), typed: typed)
    }

    /// In the order of the line. Strings as they are; numbers, booleans, arrays, objects and null as they are written:
    /// `12.50` stays `12.50`. Typed, strings are written as JSON, too: then `"3"` and `3` stay two things.
    static func fields(_ bytes: [UInt8], typed: Bool = false) throws(EventLineError) -> EntryFields {
        if let column = firstColumnThatIsNotUTF8(bytes) { throw .notUTF8(column: column) }
        guard let value = json(bytes[...]) else { throw .notJSON }
        guard value is [String: Any] else { throw .notAnObject }
        // Foundation's parser lets it pass.
        guard !hasTrailingComma(bytes) else { throw .trailingComma }
        var pairs: [EntryFields.Element] = []
        for (name, value) in JSONMembers(bytes) {
            guard let name = text(name) else { throw .notJSON }
            let isString = !typed && value.first == UInt8(ascii: "\"")
            guard let value = isString ? text(value) : value else { throw .notJSON }
            pairs.append((name, value))
        }
        guard !pairs.isEmpty else { throw .empty }
        return EntryFields(pairs)
    }

    private static func json(_ bytes: ArraySlice<UInt8>) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    }

    private static func firstColumnThatIsNotUTF8(_ bytes: [UInt8]) -> Int? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var (source, parser, column) = (bytes.makeIterator(), Unicode.UTF8.ForwardParser(), 1)
        while case .valid = parser.parseScalar(from: &source) { column += 1 }
        return column
    }

    /// Whether a comma stands right before a bracket that closes.
    private static func hasTrailingComma(_ json: [UInt8]) -> Bool {
        var (last, isInString, isEscaped) = (UInt8(ascii: " "), false, false)
        for byte in json {
            if isInString {
                isInString = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            } else if byte > UInt8(ascii: " ") {
                if last == UInt8(ascii: ","), byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { return true }
                isInString = byte == UInt8(ascii: "\"")
                last = byte
            }
        }
        return false
    }

    private static func text(_ string: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        (json(string) as? String).map { Array($0.utf8)[...] }
    }
}

enum EventLineError: Error, CustomStringConvertible {
    case notJSON, notAnObject, empty, trailingComma
    /// The column, from 1, of the first byte that is not part of a character.
    case notUTF8(column: Int)

    var description: String {
        switch self {
        case .notJSON: "not JSON"
        case .notAnObject: "not a JSON object; write {\"name\": \"value\"}"
        case .trailingComma: "not JSON: a comma stands before a closing bracket; remove it"
        case .notUTF8(let column): "column \(column): not UTF-8; write other bytes as base64"
        case .empty: "an object without members; an entry needs at least one field"
        }
    }
}
