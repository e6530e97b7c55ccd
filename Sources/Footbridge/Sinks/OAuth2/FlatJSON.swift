/// The members of a JSON object that are strings or numbers; nested values are passed over.
///
/// Enough for the few members of a token server's answer (RFC 6749 §5).
enum FlatJSON {
    /// Numbers as they are written. `nil` if the bytes are no JSON object. Of equal names the last one counts.
    static func members(_ bytes: [UInt8]) -> [String: String]? {
        var reader = Reader(bytes: bytes)
        return reader.object()
    }

    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        var next: UInt8? { place < bytes.count ? bytes[place] : nil }

        mutating func skipSpace() {
            while let byte = next, byte == 0x20 || (0x09...0x0d).contains(byte) { place += 1 }
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            skipSpace()
            guard next == UInt8(ascii: character) else { return false }
            place += 1
            return true
        }

        mutating func object() -> [String: String]? {
            guard take("{") else { return nil }
            var members: [String: String] = [:]
            if take("}") { return isAtEnd() ? members : nil }
            repeat {
                skipSpace()
                guard let name = string(), take(":") else { return nil }
                skipSpace()
                switch next {
                case UInt8(ascii: "\""):
                    guard let value = string() else { return nil }
                    members[name] = value
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    guard skipNested() else { return nil }
                default:
                    let start = place
                    while let byte = next, !",} \t\r\n".utf8.contains(byte) { place += 1 }
                    guard place > start else { return nil }
                    members[name] = String(decoding: bytes[start..<place], as: UTF8.self)
                }
            } while take(",")
            return take("}") && isAtEnd() ? members : nil
        }

        private mutating func isAtEnd() -> Bool {
            skipSpace()
            return next == nil
        }

        private mutating func skipNested() -> Bool {
            var depth = 0
            while let byte = next {
                switch byte {
                case UInt8(ascii: "\""):
                    guard string() != nil else { return false }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
                place += 1
                if depth == 0 { return true }
            }
            return false
        }

        private mutating func string() -> String? {
            guard next == UInt8(ascii: "\"") else { return nil }
            place += 1
            var text: [UInt8] = []
            var units: [UInt16] = []
            while let byte = next {
                place += 1
                if byte == UInt8(ascii: "\\"), next == UInt8(ascii: "u") {
                    guard place + 5 <= bytes.count,
                        let unit = UInt16(String(decoding: bytes[place + 1..<place + 5], as: UTF8.self), radix: 16)
                    else { return nil }
                    units.append(unit)
                    place += 5
                    continue
                }
                if !units.isEmpty {
                    text += String(decoding: units, as: UTF16.self).utf8
                    units = []
                }
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escaped = next, let plain = Self.escapes[escaped] else { return nil }
                    text.append(plain)
                    place += 1
                case 0..<0x20: return nil
                default: text.append(byte)
                }
            }
            return nil
        }

        private static let escapes: [UInt8: UInt8] = [
            UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
            UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0c,
            UInt8(ascii: "n"): 0x0a, UInt8(ascii: "r"): 0x0d, UInt8(ascii: "t"): 0x09,
        ]
    }
}
