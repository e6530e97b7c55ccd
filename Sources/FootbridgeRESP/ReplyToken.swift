/// What the scanner found, in the order of the bytes: an aggregate is followed by the tokens of its elements.
struct ReplyToken: Sendable {
    let type: ReplyType
    /// Bytes of a string, or values in an aggregate.
    let count: Int
    /// Where a string begins, counted from the reply's first byte; or a number's value, a double's bit pattern.
    let value: Int64
}

/// The byte that a value begins with.
enum ReplyType: UInt8, Sendable {
    case simpleString = 0x2B  // +
    case error = 0x2D  // -
    case integer = 0x3A  // :
    case bulkString = 0x24  // $
    case array = 0x2A  // *
    case null = 0x5F  // _
    case boolean = 0x23  // #
    case double = 0x2C  // ,
    case bigNumber = 0x28  // (
    case bulkError = 0x21  // !
    case verbatim = 0x3D  // =
    case map = 0x25  // %
    case attribute = 0x7C  // |
    case set = 0x7E  // ~
    case push = 0x3E  // >
    case chunk = 0x3B  // ;
    case streamEnd = 0x2E  // .
}
