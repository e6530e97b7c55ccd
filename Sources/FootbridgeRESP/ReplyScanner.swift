/// Finds the end of a reply, looking at each byte once however the bytes are cut, and notes what is in it.
///
/// No recursion: the aggregates that are open stand on a stack. Attributes are checked like values, then forgotten.
struct ReplyScanner: Sendable {
    /// An aggregate some of whose values are still to come.
    private struct Frame {
        var remaining: Int
        /// For an attribute, how many tokens there were before it.
        let attributeMark: Int?
    }

    private let limits: RESPLimits
    private var frames: [Frame] = []
    /// The first byte of the line that is being read.
    private var lineStart = 0
    /// The body that is being waited for.
    private var body: Body?

    private struct Body {
        let type: ReplyType
        let start: Int
        let end: Int
    }

    private(set) var tokens: [ReplyToken] = []
    /// The first byte not looked at yet, counted from the reply's first; after the whole reply, its length.
    private(set) var position = 0

    init(limits: RESPLimits) {
        // So that adding two of them cannot overflow.
        let most = Int.max / 4
        self.limits = RESPLimits(
            bulkBytes: min(limits.bulkBytes, most),
            elements: min(limits.elements, most),
            depth: min(limits.depth, 256),
            lineBytes: min(limits.lineBytes, most),
            replyBytes: min(limits.replyBytes, most)
        )
    }

    /// Makes ready for the next reply.
    mutating func reset() {
        tokens.removeAll(keepingCapacity: tokens.capacity <= 4096)
        position = 0
        lineStart = 0
    }

    /// Goes on where it stopped; `bytes` begin with the reply's first byte. True at the end of the reply.
    mutating func scan(_ bytes: Span<UInt8>) throws(RESPError) -> Bool {
        while true {
            let isComplete: Bool
            if body == nil, let token = wholeString(bytes) {
                isComplete = complete(token)
            } else if let body {
                guard bytes.count >= body.end + 2 else { return false }
                isComplete = try finish(body, bytes)
            } else {
                guard lineStart < bytes.count else { return false }
                guard let type = ReplyType(rawValue: bytes[lineStart]) else {
                    throw .unknownType(bytes[lineStart])
                }
                guard let end = try lineEnd(bytes) else { return false }
                let content = lineStart + 1..<end
                position = end + 2
                lineStart = position
                guard position <= limits.replyBytes else { throw .replyTooLong(limit: limits.replyBytes) }
                isComplete = try interpret(type, content, bytes)
            }
            if isComplete { return true }
        }
    }

    /// The bulk string that begins here, stepped over, if all of it has arrived and nothing is wrong with it. Most of what a
    /// server sends are these; anything else is left to the way that takes it line by line.
    private mutating func wholeString(_ bytes: Span<UInt8>) -> ReplyToken? {
        guard lineStart < bytes.count, bytes[lineStart] == ReplyType.bulkString.rawValue else { return nil }
        var (index, count) = (lineStart + 1, 0)
        // Longer ones are so rare that the other way is as fast.
        let last = min(bytes.count, index + min(6, limits.lineBytes))
        while index < last, isDigit(bytes[index]) {
            count = 10 &* count &+ Int(bytes[index] &- UInt8(ascii: "0"))
            index &+= 1
        }
        let start = index + 2
        let end = start + count
        guard index > lineStart + 1, end + 2 <= bytes.count, count <= limits.bulkBytes, end + 2 <= limits.replyBytes,
            bytes[index] == carriageReturn, bytes[index + 1] == lineFeed,
            bytes[end] == carriageReturn, bytes[end + 1] == lineFeed
        else { return nil }
        position = end + 2
        lineStart = position
        return ReplyToken(type: .bulkString, count: count, value: Int64(start))
    }

    /// The index of the line's CR, or `nil` if it has not arrived with its LF.
    private mutating func lineEnd(_ bytes: Span<UInt8>) throws(RESPError) -> Int? {
        let last = lineStart + 1 + limits.lineBytes
        var index = max(position, lineStart + 1)
        while index < bytes.count {
            let byte = bytes[index]
            if byte == carriageReturn {
                position = index
                guard index + 1 < bytes.count else { return nil }
                guard bytes[index + 1] == lineFeed else { throw .missingLineEnd(found: bytes[index + 1]) }
                return index
            }
            guard byte != lineFeed else { throw .missingLineEnd(found: byte) }
            guard index < last else { throw .lineTooLong(limit: limits.lineBytes) }
            index += 1
        }
        position = index
        return nil
    }

    /// Takes a line, and says whether the reply is complete.
    private mutating func interpret(
        _ type: ReplyType,
        _ content: Range<Int>,
        _ bytes: Span<UInt8>
    ) throws(RESPError) -> Bool {
        let line = bytes.extracting(content)
        switch type {
        case .bulkString, .verbatim, .bulkError:
            return try beginBody(type, line)
        case .array, .map, .set, .push, .attribute:
            return try beginAggregate(type, line)
        case .simpleString, .error:
            return complete(ReplyToken(type: type, count: content.count, value: Int64(content.lowerBound)))
        case .integer:
            guard let value = parseInteger(line) else { throw .invalidValue(type: type.rawValue) }
            return complete(ReplyToken(type: type, count: 0, value: value))
        case .null:
            guard line.isEmpty else { throw .invalidValue(type: type.rawValue) }
            return complete(ReplyToken(type: .null, count: 0, value: 0))
        case .boolean:
            guard line.count == 1, line[0] == UInt8(ascii: "t") || line[0] == UInt8(ascii: "f") else {
                throw .invalidValue(type: type.rawValue)
            }
            return complete(ReplyToken(type: type, count: 0, value: line[0] == UInt8(ascii: "t") ? 1 : 0))
        case .double:
            guard let value = parseDouble(line) else { throw .invalidValue(type: type.rawValue) }
            return complete(ReplyToken(type: type, count: 0, value: Int64(bitPattern: value.bitPattern)))
        case .bigNumber:
            guard isDecimal(line) else { throw .invalidValue(type: type.rawValue) }
            return complete(ReplyToken(type: type, count: content.count, value: Int64(content.lowerBound)))
        case .chunk, .streamEnd:
            throw .streamed(type: type.rawValue)
        }
    }

    private mutating func beginBody(_ type: ReplyType, _ line: Span<UInt8>) throws(RESPError) -> Bool {
        guard let length = try length(type, line) else {
            return complete(ReplyToken(type: .null, count: 0, value: 0))
        }
        guard length <= limits.bulkBytes else { throw .bulkTooLong(announced: length, limit: limits.bulkBytes) }
        let end = position + Int(length)
        guard end + 2 <= limits.replyBytes else { throw .replyTooLong(limit: limits.replyBytes) }
        body = Body(type: type, start: position, end: end)
        return false
    }

    private mutating func finish(_ body: Body, _ bytes: Span<UInt8>) throws(RESPError) -> Bool {
        guard bytes[body.end] == carriageReturn else { throw .missingLineEnd(found: bytes[body.end]) }
        guard bytes[body.end + 1] == lineFeed else { throw .missingLineEnd(found: bytes[body.end + 1]) }
        let count = body.end - body.start
        if body.type == .verbatim {
            guard count >= 4, bytes[body.start + 3] == UInt8(ascii: ":") else {
                throw .invalidValue(type: body.type.rawValue)
            }
        }
        position = body.end + 2
        lineStart = position
        self.body = nil
        return complete(ReplyToken(type: body.type, count: count, value: Int64(body.start)))
    }

    private mutating func beginAggregate(_ type: ReplyType, _ line: Span<UInt8>) throws(RESPError) -> Bool {
        guard let announced = try length(type, line) else {
            return complete(ReplyToken(type: .null, count: 0, value: 0))
        }
        let isPaired = type == .map || type == .attribute
        guard announced <= (isPaired ? limits.elements / 2 : limits.elements) else {
            throw .tooManyElements(announced: announced, limit: limits.elements)
        }
        guard frames.count < limits.depth else { throw .tooDeep(limit: limits.depth) }
        let count = Int(announced) * (isPaired ? 2 : 1)
        let token = ReplyToken(type: type, count: count, value: 0)
        guard count > 0 else { return type == .attribute ? false : complete(token) }
        frames.append(Frame(remaining: count, attributeMark: type == .attribute ? tokens.count : nil))
        if type != .attribute { tokens.append(token) }
        return false
    }

    /// The length in a line, or `nil` for the nulls of RESP2.
    private func length(_ type: ReplyType, _ line: Span<UInt8>) throws(RESPError) -> Int64? {
        if line.count == 2, line[0] == UInt8(ascii: "-"), line[1] == UInt8(ascii: "1") {
            guard type == .bulkString || type == .array else { throw .invalidLength(type: type.rawValue) }
            return nil
        }
        if line.count == 1, line[0] == UInt8(ascii: "?") { throw .streamed(type: type.rawValue) }
        guard !line.isEmpty, isDigit(line[0]), let length = parseInteger(line) else {
            throw .invalidLength(type: type.rawValue)
        }
        return length
    }

    /// Notes a value, closes the aggregates that it completes, and says whether the reply is complete.
    private mutating func complete(_ token: ReplyToken) -> Bool {
        tokens.append(token)
        while let index = frames.indices.last {
            frames[index].remaining -= 1
            guard frames[index].remaining == 0 else { return false }
            if let mark = frames.removeLast().attributeMark {
                // The value that the attribute belongs to is still to come.
                tokens.removeLast(tokens.count - mark)
                return false
            }
        }
        return true
    }
}

private let carriageReturn = UInt8(ascii: "\r")
private let lineFeed = UInt8(ascii: "\n")
