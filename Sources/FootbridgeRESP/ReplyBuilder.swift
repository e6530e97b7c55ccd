/// Builds the value of a reply that has been scanned. Cannot fail; recursion is bounded by the scanner's depth limit.
struct ReplyBuilder {
    let buffer: [UInt8]
    let start: Int
    private var next = 0
    /// Whether a value holds a slice of the buffer.
    private(set) var tookSlices = false

    init(buffer: [UInt8], start: Int) {
        self.buffer = buffer
        self.start = start
    }

    mutating func value(_ tokens: Span<ReplyToken>) -> RESPValue {
        let token = tokens[next]
        next += 1
        switch token.type {
        case .bulkString: return .bulkString(slice(token))
        case .simpleString: return .simpleString(slice(token))
        case .array: return .array(array(token.count, tokens))
        case .integer: return .integer(token.value)
        case .map: return .map(elements(token.count, tokens))
        case .set: return .set(elements(token.count, tokens))
        case .push: return .push(elements(token.count, tokens))
        case .error, .bulkError: return .error(slice(token))
        case .boolean: return .boolean(token.value != 0)
        case .double: return .double(Double(bitPattern: UInt64(bitPattern: token.value)))
        case .bigNumber: return .bigNumber(slice(token))
        case .verbatim:
            let whole = slice(token)
            return .verbatim(format: whole.prefix(3), whole.dropFirst(4))
        case .null, .attribute, .chunk, .streamEnd: return .null
        }
    }

    private mutating func slice(_ token: ReplyToken) -> ArraySlice<UInt8> {
        tookSlices = true
        let first = start + Int(token.value)
        return buffer[first..<first + token.count]
    }

    private mutating func array(_ count: Int, _ tokens: Span<ReplyToken>) -> RESPArray {
        guard count > 0, tokens[next].type == .bulkString,
            let strings = RESPStrings(tokens.extracting(next..<next + count), of: buffer, from: start)
        else { return RESPArray(elements(count, tokens)) }
        next += count
        tookSlices = true
        return RESPArray(strings)
    }

    private mutating func elements(_ count: Int, _ tokens: Span<ReplyToken>) -> [RESPValue] {
        // All of them have arrived, so reserving by the count is bounded by the bytes.
        Array(unsafeUninitializedCapacity: count) { elements, initialized in
            while initialized < count {
                elements.initializeElement(at: initialized, to: value(tokens))
                initialized += 1
            }
        }
    }
}
