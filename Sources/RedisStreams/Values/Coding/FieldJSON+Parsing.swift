extension FieldJSON {
    /// Reads the JSON of a field; `nil` if it is something else, or nested more than 512 deep.
    /// <https://www.rfc-editor.org/rfc/rfc8259>
    init?(_ bytes: ArraySlice<UInt8>) {
        let value = bytes.withUnsafeBufferPointer { buffer -> FieldJSON? in
            var parser = Parser(bytes: buffer)
            guard let value = parser.value(depth: 0) else { return nil }
            parser.skipSpace()
            return parser.index == buffer.count ? value : nil
        }
        guard let value else { return nil }
        self = value
    }
}

private struct Parser {
    let bytes: UnsafeBufferPointer<UInt8>
    var index = 0

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    mutating func value(depth: Int) -> FieldJSON? {
        skipSpace()
        switch next {
        case UInt8(ascii: "{")?: return depth < 512 ? object(depth + 1) : nil
        case UInt8(ascii: "[")?: return depth < 512 ? array(depth + 1) : nil
        case UInt8(ascii: "\"")?: return text().map { .text($0) }
        case UInt8(ascii: "t")?: return take("true") ? .bool(true) : nil
        case UInt8(ascii: "f")?: return take("false") ? .bool(false) : nil
        case UInt8(ascii: "n")?: return take("null") ? .null : nil
        case UInt8(ascii: "N")?: return take("NaN") ? .number("NaN") : nil
        case UInt8(ascii: "I")?: return take("Infinity") ? .number("Infinity") : nil
        case UInt8(ascii: "-")?: return take("-Infinity") ? .number("-Infinity") : number()
        default: return number()
        }
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - index >= count else { return false }
        for offset in 0..<count where bytes[index + offset] != word.utf8Start[offset] { return false }
        index += count
        return true
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        index += 1
        return true
    }

    private mutating func digits() -> Bool {
        let first = index
        while let byte = next, byte &- UInt8(ascii: "0") <= 9 { index += 1 }
        return index > first
    }

    private mutating func number() -> FieldJSON? {
        let start = index
        if next == UInt8(ascii: "-") { index += 1 }
        let first = index
        guard digits(), bytes[first] != UInt8(ascii: "0") || index == first + 1 else { return nil }
        if next == UInt8(ascii: ".") {
            index += 1
            guard digits() else { return nil }
        }
        if let byte = next, byte | 0x20 == UInt8(ascii: "e") {
            index += 1
            if let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
            guard digits() else { return nil }
        }
        return .number(String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func array(_ depth: Int) -> FieldJSON? {
        index += 1
        var elements: [FieldJSON] = []
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            guard let element = value(depth: depth) else { return nil }
            elements.append(element)
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { return nil }
        }
    }

    private mutating func object(_ depth: Int) -> FieldJSON? {
        index += 1
        var members: [(name: String, value: FieldJSON)] = []
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\""), let name = text(), take(UInt8(ascii: ":")),
                let value = value(depth: depth)
            else { return nil }
            members.append((name, value))
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { return nil }
        }
    }

    private mutating func text() -> String? {
        index += 1
        let start = index
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { index += 1 }
        if next == UInt8(ascii: "\"") {
            index += 1
            return String(validating: bytes[start..<index - 1], as: UTF8.self)
        }
        var content = Array(bytes[start..<index])
        while let byte = next, byte >= 0x20 {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                content.append(contentsOf: String(Character(scalar)).utf8)
            default: content.append(byte)
            }
        }
        return nil
    }

    /// What follows a backslash.
    private mutating func escape() -> Unicode.Scalar? {
        guard let byte = next else { return nil }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            guard let unit = codeUnit() else { return nil }
            guard (0xD800..<0xDC00).contains(unit) else { return Unicode.Scalar(unit) }
            guard take("\\u"), let low = codeUnit(), (0xDC00..<0xE000).contains(low) else { return nil }
            return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        default: return nil
        }
    }

    private mutating func codeUnit() -> UInt32? {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            unit = unit << 4 + UInt32(digit)
            index += 1
        }
        return unit
    }
}
