/// Whether bytes are one JSON text (RFC 8259), white space around it included.
///
/// Nothing is built, and nothing is lost: `12.50` stays `12.50`. At most 256 levels.
package enum JSONSyntax {
    package static func isValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard var first = bytes.first else { return false }
        // Most values are words: one look tells.
        if first <= UInt8(ascii: " ") { first = bytes.first { !isBlank($0) } ?? first }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""), UInt8(ascii: "-"), UInt8(ascii: "t"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            break
        default: return false
        }
        var reader = Reader(bytes)
        guard reader.value(depth: 0) else { return false }
        reader.skipBlanks()
        guard reader.index == bytes.count else { return false }
        return (try? UTF8Span(validating: bytes.assumingMemoryBound(to: UInt8.self).span)) != nil
    }

    fileprivate static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }

    private struct Reader {
        private let bytes: UnsafeRawBufferPointer
        private(set) var index = 0

        init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        private var current: UInt8 { index < bytes.count ? bytes[index] : 0 }

        mutating func skipBlanks() {
            while index < bytes.count, JSONSyntax.isBlank(bytes[index]) { index += 1 }
        }

        mutating func value(depth: Int) -> Bool {
            skipBlanks()
            switch current {
            case UInt8(ascii: "{"): return depth < 256 && members(depth)
            case UInt8(ascii: "["): return depth < 256 && elements(depth)
            case UInt8(ascii: "\""): return string()
            case UInt8(ascii: "t"): return word("true")
            case UInt8(ascii: "f"): return word("false")
            case UInt8(ascii: "n"): return word("null")
            default: return number()
            }
        }

        private mutating func members(_ depth: Int) -> Bool {
            index += 1
            skipBlanks()
            if take("}") { return true }
            while true {
                skipBlanks()
                guard current == UInt8(ascii: "\""), string() else { return false }
                skipBlanks()
                guard take(":"), value(depth: depth + 1) else { return false }
                skipBlanks()
                if take("}") { return true }
                guard take(",") else { return false }
            }
        }

        private mutating func elements(_ depth: Int) -> Bool {
            index += 1
            skipBlanks()
            if take("]") { return true }
            while true {
                guard value(depth: depth + 1) else { return false }
                skipBlanks()
                if take("]") { return true }
                guard take(",") else { return false }
            }
        }

        private mutating func string() -> Bool {
            index += 1
            while index < bytes.count {
                let byte = bytes[index]
                index += 1
                switch byte {
                case UInt8(ascii: "\""): return true
                case UInt8(ascii: "\\"):
                    let escaped = current
                    index += 1
                    if escaped == UInt8(ascii: "u") {
                        for _ in 0..<4 {
                            guard isHexDigit(current) else { return false }
                            index += 1
                        }
                    } else if !"\"\\/bfnrt".utf8.contains(escaped) {
                        return false
                    }
                case 0..<0x20: return false
                default: break
                }
            }
            return false
        }

        private mutating func number() -> Bool {
            _ = take("-")
            if !take("0") { guard digits() else { return false } }
            if take(".") { guard digits() else { return false } }
            if take("e") || take("E") {
                if !take("+") { _ = take("-") }
                guard digits() else { return false }
            }
            return true
        }

        private mutating func digits() -> Bool {
            let start = index
            while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(current) { index += 1 }
            return index > start
        }

        private mutating func word(_ word: StaticString) -> Bool {
            let end = index + word.utf8CodeUnitCount
            guard end <= bytes.count,
                word.withUTF8Buffer({ bytes[index..<end].elementsEqual($0) })
            else { return false }
            index = end
            return true
        }

        private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard index < bytes.count, bytes[index] == UInt8(ascii: scalar) else { return false }
            index += 1
            return true
        }

        private func isHexDigit(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                true
            default: false
            }
        }
    }
}
