/// Why bytes are not a reply. The stream has lost its place: close the connection.
public enum RESPError: Error, Equatable, Sendable {
    /// No type of the protocol begins with this byte.
    case unknownType(UInt8)
    /// A type of RESP3 whose length is sent in pieces; no server sends them to date.
    case streamed(type: UInt8)
    case invalidLength(type: UInt8)
    case invalidValue(type: UInt8)
    /// A byte where a line or a body has to end, or a line feed alone.
    case missingLineEnd(found: UInt8)
    case lineTooLong(limit: Int)
    case bulkTooLong(announced: Int64, limit: Int)
    case tooManyElements(announced: Int64, limit: Int)
    case tooDeep(limit: Int)
    case replyTooLong(limit: Int)
    /// A reply that no command asked for.
    case unsolicited
}

extension RESPError {
    /// Whether the bytes may be a reply, but one beyond the `RESPLimits` of the decoder.
    public var isLimit: Bool {
        switch self {
        case .lineTooLong, .bulkTooLong, .tooManyElements, .tooDeep, .replyTooLong: true
        default: false
        }
    }
}

extension RESPError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownType(let byte):
            "a reply cannot begin with \(name(byte)); is this a Redis server?"
        case .streamed(let type):
            "a streamed value (\(name(type))) arrived; these are not supported"
        case .invalidLength(let type):
            "the length after \(name(type)) is not a decimal number from 0 to \(Int64.max)"
        case .invalidValue(let type):
            "the value after \(name(type)) is not \(expectation(type))"
        case .missingLineEnd(let byte):
            "found \(name(byte)) where CR LF has to be"
        case .lineTooLong(let limit):
            "a line is longer than the limit of \(limit) bytes"
        case .bulkTooLong(let announced, let limit):
            "a string of \(announced) bytes was announced; the limit is \(limit)"
        case .tooManyElements(let announced, let limit):
            "an aggregate of \(announced) elements was announced; the limit is \(limit) values"
        case .tooDeep(let limit):
            "a reply is nested deeper than the limit of \(limit)"
        case .replyTooLong(let limit):
            "a reply is longer than the limit of \(limit) bytes"
        case .unsolicited: "a reply arrived that nobody had asked for"
        }
    }

    private func name(_ byte: UInt8) -> String {
        let isPrintable = byte > 0x20 && byte < 0x7F
        let hex = String(byte, radix: 16)
        return isPrintable ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x\(hex.count < 2 ? "0" : "")\(hex)"
    }

    private func expectation(_ type: UInt8) -> String {
        switch type {
        case UInt8(ascii: ":"): "an integer of 64 bits"
        case UInt8(ascii: ","): "a floating-point number"
        case UInt8(ascii: "("): "a decimal number"
        case UInt8(ascii: "#"): "t or f"
        case UInt8(ascii: "_"): "empty"
        default: "a format of three bytes, a colon and text"
        }
    }
}
