/// A RESP2 reply, as the probe reads it. Literals make expectations short: `#expect(reply == ["1-0", 3, nil])`.
public indirect enum RedisReply: Sendable, Equatable {
    case simple(String)
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    case array([RedisReply])
    case null

    /// The text of a simple or bulk string, an error's too; `nil` for the rest.
    public var text: String? {
        switch self {
        case .simple(let text), .error(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer, .array, .null: nil
        }
    }

    public var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The elements of an array; empty for anything else.
    public var elements: [RedisReply] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The value that follows `name` in a flat list of names and values, as `XINFO` and an entry's fields are.
    public subscript(name: String) -> RedisReply? {
        let elements = elements
        return stride(from: 0, to: elements.count - 1, by: 2).first { elements[$0].text == name }.map {
            elements[$0 + 1]
        }
    }
}

extension RedisReply: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
    ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .bulk(Array(value.utf8)) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(arrayLiteral elements: RedisReply...) { self = .array(elements) }
    public init(nilLiteral: ()) { self = .null }
}

extension RedisReply: CustomStringConvertible {
    public var description: String {
        switch self {
        case .simple(let text): "+\(text)"
        case .error(let text): "-\(text)"
        case .integer(let value): "\(value)"
        case .bulk(let bytes): "\"\(String(decoding: bytes, as: UTF8.self))\""
        case .array(let elements): "[\(elements.map(\.description).joined(separator: ", "))]"
        case .null: "nil"
        }
    }
}
