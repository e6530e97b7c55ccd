/// Builds the value of a reply that has been scanned. Cannot fail; recursion is bounded by the scanner's depth limit.
struct ReplyBuilder {
    let buffer: [UInt8]
    let start: Int
    private var next = 0
    /// Whether a value holds a slice of the buffer.
    private(set) var tookSlices = false
    /// What all strings of arrays share; made for the first of them.
    private var source: RESPStrings.Source?

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
        guard count > 0, tokens[next].type == .bulkString else { return RESPArray(elements(count, tokens)) }
        if areStrings(next..<next + count, tokens) { return RESPArray(strings(count, tokens)) }
        // An entry: its id, and the array of its fields.
        guard count == 2, tokens[next + 1].type == .array else { return RESPArray(elements(count, tokens)) }
        let fields = tokens[next + 1].count
        guard areStrings(next + 2..<next + 2 + fields, tokens) else { return RESPArray(elements(count, tokens)) }
        next += 2
        return RESPArray(entry: strings(fields, tokens))
    }

    /// Whether these are there, and bulk strings without exception.
    private func areStrings(_ range: Range<Int>, _ tokens: Span<ReplyToken>) -> Bool {
        var index = range.lowerBound
        guard range.upperBound <= tokens.count else { return false }
        while index < range.upperBound {
            guard tokens[index].type == .bulkString else { return false }
            index += 1
        }
        return true
    }

    private mutating func strings(_ count: Int, _ tokens: Span<ReplyToken>) -> RESPStrings {
        tookSlices = true
        defer { next += count }
        return RESPStrings(places(tokens), next..<next + count)
    }

    private mutating func places(_ tokens: Span<ReplyToken>) -> RESPStrings.Source {
        if let source { return source }
        var places: [RESPStrings.Place] = []
        places.reserveCapacity(tokens.count)
        for index in tokens.indices {
            let token = tokens[index]
            let isString = token.type == .bulkString
            places.append(
                isString
                    ? RESPStrings.Place(start: start + Int(token.value), count: token.count)
                    : RESPStrings.Place(start: 0, count: 0))
        }
        let made = RESPStrings.Source(buffer, places)
        source = made
        return made
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
