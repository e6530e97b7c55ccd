import Foundation
import RedisStreams

/// One line of NDJSON as the fields of an entry.
enum EventLine {
    /// In the order of the line. Strings as they are; numbers, booleans, arrays, objects and null as they are written:
    /// `12.50` stays `12.50`.
    static func fields(_ line: String) throws(EventLineError) -> EntryFields {
        let bytes = Array(line.utf8)
        guard let value = json(bytes[...]) else { throw .notJSON }
        guard value is [String: Any] else { throw .notAnObject }
        var pairs: [EntryFields.Element] = []
        for (name, value) in JSONMembers(bytes) {
            guard let name = text(name) else { throw .notJSON }
            let isString = value.first == UInt8(ascii: "\"")
            guard let value = isString ? text(value) : value else { throw .notJSON }
            pairs.append((name, value))
        }
        guard !pairs.isEmpty else { throw .empty }
        return EntryFields(pairs)
    }

    private static func json(_ bytes: ArraySlice<UInt8>) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    }

    private static func text(_ string: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        (json(string) as? String).map { Array($0.utf8)[...] }
    }
}

enum EventLineError: Error, CustomStringConvertible {
    case notJSON, notAnObject, empty

    var description: String {
        switch self {
        case .notJSON: "not JSON"
        case .notAnObject: "not a JSON object; write {\"name\": \"value\"}"
        case .empty: "an object without members; an entry needs at least one field"
        }
    }
}
