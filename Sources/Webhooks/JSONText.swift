/// Whether bytes are one JSON text (RFC 8259), in UTF-8, without building anything of it.
///
/// Nesting is bounded, so that no input makes this slow or deep; what is deeper counts as no JSON.
public enum JSONText {
    public static let maximumDepth = 256

    public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard (try? UTF8Span(validating: bytes.assumingMemoryBound(to: UInt8.self).span)) != nil else { return false }
        var reader = Reader(bytes: bytes)
        return reader.text()
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var index = 0
        /// Of the open brackets, the outermost first: whether it is an object.
        var open: [Bool] = []

        init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        var next: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func text() -> Bool {
            repeat {
                skipSpace()
                guard begin() else { return false }
                guard closeWhatEnds() else { return false }
            } while !open.isEmpty
            skipSpace()
            return index == bytes.count
        }

        /// A scalar, or an opening bracket with what has to stand behind it: a name, or the end of an empty one.
        private mutating func begin() -> Bool {
            switch next {
            case UInt8(ascii: "{"):
                guard push(true) else { return false }
                skipSpace()
                if next == UInt8(ascii: "}") { return true }
                guard name() else { return false }
                skipSpace()
                return begin()
            case UInt8(ascii: "["):
                guard push(false) else { return false }
                skipSpace()
                if next == UInt8(ascii: "]") { return true }
                return begin()
            case UInt8(ascii: "\""): return string()
            case UInt8(ascii: "t"): return word("true")
            case UInt8(ascii: "f"): return word("false")
            case UInt8(ascii: "n"): return word("null")
            default: return number()
            }
        }

        private mutating func push(_ isObject: Bool) -> Bool {
            guard open.count < JSONText.maximumDepth else { return false }
            open.append(isObject)
            index += 1
            return true
        }

        /// Behind a value: closing brackets, and the comma before the next value, with its name.
        private mutating func closeWhatEnds() -> Bool {
            while let isObject = open.last {
                skipSpace()
                guard let byte = next else { return false }
                if byte == UInt8(ascii: isObject ? "}" : "]") {
                    index += 1
                    open.removeLast()
                    continue
                }
                guard byte == UInt8(ascii: ",") else { return false }
                index += 1
                skipSpace()
                return isObject ? name() : true
            }
            return true
        }

        private mutating func name() -> Bool {
            guard next == UInt8(ascii: "\""), string() else { return false }
            skipSpace()
            guard next == UInt8(ascii: ":") else { return false }
            index += 1
            return true
        }

        private mutating func string() -> Bool {
            index += 1
            while let byte = next {
                index += 1
                switch byte {
                case UInt8(ascii: "\""): return true
                case UInt8(ascii: "\\"): guard escape() else { return false }
                case 0..<0x20: return false
                default: break
                }
            }
            return false
        }

        private mutating func escape() -> Bool {
            guard let byte = next else { return false }
            index += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                return true
            case UInt8(ascii: "u"):
                for _ in 0..<4 {
                    guard let digit = next, isHexDigit(digit) else { return false }
                    index += 1
                }
                return true
            default: return false
            }
        }

        private mutating func number() -> Bool {
            if next == UInt8(ascii: "-") { index += 1 }
            if next == UInt8(ascii: "0") { index += 1 } else if !digits() { return false }
            if next == UInt8(ascii: ".") {
                index += 1
                guard digits() else { return false }
            }
            if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
                index += 1
                if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
                guard digits() else { return false }
            }
            return true
        }

        /// At least one.
        private mutating func digits() -> Bool {
            let start = index
            while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
            return index > start
        }

        private mutating func word(_ text: StaticString) -> Bool {
            text.withUTF8Buffer { word in
                guard bytes.count - index >= word.count else { return false }
                for offset in 0..<word.count where bytes[index + offset] != word[offset] { return false }
                index += word.count
                return true
            }
        }

        private mutating func skipSpace() {
            while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
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
