/// One value of the Redis protocol, version 2 or 3. <https://redis.io/docs/latest/develop/reference/protocol-spec/>
///
/// Strings are slices of the buffer they arrived in: cheap to make and to pass on, but each keeps that buffer alive.
/// Copy (`Array(bytes)`) what is kept for long.
public enum RESPValue: Sendable, Hashable {
    /// RESP3 `_`, and the two nulls of RESP2, `$-1` and `*-1`.
    case null
    case boolean(Bool)
    case integer(Int64)
    case double(Double)
    /// Decimal digits, with a sign in front or none.
    case bigNumber(ArraySlice<UInt8>)
    case simpleString(ArraySlice<UInt8>)
    case bulkString(ArraySlice<UInt8>)
    /// Text with its format in three bytes, `txt` or `mkd`. Boxed: the rare case must not widen all others.
    indirect case verbatim(format: ArraySlice<UInt8>, ArraySlice<UInt8>)
    /// `-` and `!`: the whole text, code word included.
    case error(ArraySlice<UInt8>)
    case array(RESPArray)
    case set([RESPValue])
    /// Keys and values in turn, so always an even count.
    case map([RESPValue])
    case push([RESPValue])
}

extension RESPValue {
    /// The bytes of a string (simple, bulk, verbatim without its format) or of a big number.
    public var bytes: ArraySlice<UInt8>? {
        switch self {
        case .simpleString(let bytes), .bulkString(let bytes), .verbatim(_, let bytes), .bigNumber(let bytes): bytes
        default: nil
        }
    }

    /// `bytes` as text; `nil` if they are not UTF-8.
    public var text: String? {
        bytes.flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// An integer, or a string that is one: the server sends some counts as strings, in both protocols.
    public var integer: Int64? {
        if case .integer(let value) = self { return value }
        return bytes.flatMap { parseInteger($0.span) }
    }

    /// The elements of an array, set or push; of a map its keys and values in turn.
    public var elements: RESPArray? {
        switch self {
        case .array(let elements): elements
        case .set(let elements), .map(let elements), .push(let elements): RESPArray(elements)
        default: nil
        }
    }

    /// The value that follows the string `name` in a map, or in the flat array that RESP2 has in its place.
    public func value(named name: String) -> RESPValue? {
        guard let elements else { return nil }
        var name = name
        return name.withUTF8 { wanted in
            var index = 0
            while index + 1 < elements.count {
                if let key = elements[index].bytes, key.elementsEqual(wanted) { return elements[index + 1] }
                index += 2
            }
            return nil
        }
    }
}
