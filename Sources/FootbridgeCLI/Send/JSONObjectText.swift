/// The members of a JSON object (RFC 8259) as they are written, in their order: names and string values with their quotes.
///
/// Foundation's parser keeps neither order nor spelling nor repeated names, and does not take all that JSON is: numbers
/// beyond a double, half characters, values nested deeper than 512 levels. What is not looked into needs no bounds: this one
/// does not recurse, and reads each byte once.
struct JSONObjectText {
    typealias Member = (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)

    private let bytes: ArraySlice<UInt8>
    private var place: Int

    /// - Parameter bytes: UTF-8.
    static func members(_ bytes: ArraySlice<UInt8>) throws(EventLineError) -> [Member] {
        var reader = JSONObjectText(bytes)
        return try reader.object()
    }

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    private mutating func object() throws(EventLineError) -> [Member] {
        var members: [Member] = []
        skipBlanks()
        guard take("{") else {
            _ = try value()
            try end()
            throw .notAnObject
        }
        skipBlanks()
        if !take("}") {
            repeat {
                let name = try name()
                members.append((name, try value()))
            } while try hasNext("}")
        }
        try end()
        return members
    }

    /// A name and the colon behind it.
    private mutating func name() throws(EventLineError) -> ArraySlice<UInt8> {
        skipBlanks()
        let start = place
        guard current == UInt8(ascii: "\"") else { throw wrong("a name in quotes is missing here") }
        try string()
        let name = bytes[start..<place]
        skipBlanks()
        guard take(":") else { throw wrong("a colon is missing here") }
        return name
    }

    private mutating func value() throws(EventLineError) -> ArraySlice<UInt8> {
        skipBlanks()
        let start = place
        /// The brackets that close what is open, the outermost first.
        var open: [Unicode.Scalar] = []
        repeat {
            skipBlanks()
            switch current {
            case UInt8(ascii: "{"):
                place += 1
                skipBlanks()
                if take("}") { break }
                open.append("}")
                _ = try name()
                continue
            case UInt8(ascii: "["):
                place += 1
                skipBlanks()
                if take("]") { break }
                open.append("]")
                continue
            case UInt8(ascii: "\""): try string()
            case UInt8(ascii: "t"): try word("true")
            case UInt8(ascii: "f"): try word("false")
            case UInt8(ascii: "n"): try word("null")
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
            default: throw wrong("a value is missing here")
            }
            while let bracket = open.last {
                if try hasNext(bracket) {
                    if bracket == "}" { _ = try name() }
                    break
                }
                open.removeLast()
            }
        } while !open.isEmpty
        return bytes[start..<place]
    }

    /// Behind a member or an element: whether a comma promises another one, or the bracket closes.
    private mutating func hasNext(_ bracket: Unicode.Scalar) throws(EventLineError) -> Bool {
        skipBlanks()
        if take(bracket) { return false }
        let comma = place
        guard take(",") else { throw wrong("a comma or \(bracket) is missing here") }
        skipBlanks()
        if current == UInt8(ascii: "}") || current == UInt8(ascii: "]") {
            place = comma
            throw wrong("a comma stands before a closing bracket; remove it")
        }
        return true
    }

    private mutating func string() throws(EventLineError) {
        place += 1
        while place < bytes.endIndex {
            let byte = bytes[place]
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                return
            case UInt8(ascii: "\\"):
                let digits = bytes[place...].dropFirst(2).prefix(4)
                switch bytes[place...].dropFirst().first {
                case UInt8(ascii: "u")? where digits.count == 4 && digits.allSatisfy({ JSONText.digit($0) != nil }):
                    place += 6
                case let byte? where JSONText.escaped(byte) != nil: place += 2
                default: throw wrong("no escape of JSON; a backslash is written \\\\")
                }
            case 0..<0x20:
                throw wrong(
                    "a control character in a string; write it as \\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
                )
            default: place += 1
            }
        }
        throw wrong("a string does not end")
    }

    private mutating func word(_ word: String) throws(EventLineError) {
        guard bytes[place...].starts(with: word.utf8) else {
            throw wrong("a value is missing here; text stands in quotes")
        }
        place += word.utf8.count
    }

    private mutating func number() throws(EventLineError) {
        _ = take("-")
        if !take("0") {
            try digits()
        } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(current) {
            throw wrong("a number begins with 0; remove it, or write it as text, in quotes")
        }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
    }

    private mutating func digits() throws(EventLineError) {
        let start = place
        while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(current) { place += 1 }
        guard place > start else { throw wrong("a digit is missing here") }
    }

    private mutating func end() throws(EventLineError) {
        skipBlanks()
        guard place == bytes.endIndex else { throw wrong("more stands behind the end") }
    }

    /// 0 behind the end, which no JSON holds.
    private var current: UInt8 { place < bytes.endIndex ? bytes[place] : 0 }

    private mutating func skipBlanks() {
        while current == 0x20 || current == 0x09 || current == 0x0A || current == 0x0D { place += 1 }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: scalar) else { return false }
        place += 1
        return true
    }

    private func wrong(_ words: String) -> EventLineError {
        .notJSON(column: JSONText.column(of: place, in: bytes), words)
    }
}

/// What a JSON string stands for.
enum JSONText {
    /// - Parameters:
    ///   - string: with its quotes, and in order.
    ///   - line: what it is part of.
    /// - Throws: for half a character (a lone surrogate), which JSON can write, and UTF-8 cannot.
    static func decoded(_ string: ArraySlice<UInt8>, in line: ArraySlice<UInt8>) throws(EventLineError) -> ArraySlice<
        UInt8
    > {
        let inside = string.dropFirst().dropLast()
        guard inside.contains(UInt8(ascii: "\\")) else { return inside }
        var text: [UInt8] = []
        text.reserveCapacity(inside.count)
        var place = inside.startIndex
        while place < inside.endIndex {
            guard inside[place] == UInt8(ascii: "\\") else {
                text.append(inside[place])
                place += 1
                continue
            }
            if let plain = escaped(inside[place + 1]) {
                text.append(plain)
                place += 2
                continue
            }
            let start = place
            var unit = hex(inside, &place)
            if (0xD800..<0xDC00).contains(unit), inside[place...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
            {
                let low = hex(inside, &place)
                if (0xDC00..<0xE000).contains(low) { unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00) }
            }
            guard let scalar = Unicode.Scalar(unit) else {
                throw .halfCharacter(
                    column: column(of: start, in: line), String(decoding: inside[start..<(start + 6)], as: UTF8.self))
            }
            text.append(contentsOf: String(Character(scalar)).utf8)
        }
        return text[...]
    }

    /// What stands for what behind a backslash, `u` apart.
    static func escaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// From 1, in characters.
    static func column(of place: Int, in line: ArraySlice<UInt8>) -> Int {
        line[..<place].count { $0 & 0xC0 != 0x80 } + 1
    }

    /// The number behind `\u`.
    private static func hex(_ bytes: ArraySlice<UInt8>, _ place: inout Int) -> UInt32 {
        defer { place += 6 }
        return bytes[(place + 2)..<(place + 6)].reduce(0) { $0 << 4 | (digit($1) ?? 0) }
    }
}
