/// `%XX` for every byte that is not unreserved (RFC 3986 §2.3): a value is one part of a URL, whatever it holds.
enum PercentEncoding {
    static func append(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        for byte in bytes {
            if isUnreserved(byte) {
                out.append(byte)
            } else {
                out.append(UInt8(ascii: "%"))
                out.append(digit(byte >> 4))
                out.append(digit(byte & 15))
            }
        }
    }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}

/// The query of a URL as people may see it: names, and no values.
enum QueryMask {
    /// - Parameter isInQuery: the text begins behind the `?`.
    static func masked(_ text: String, isInQuery: Bool) -> String {
        var result = ""
        var isInQuery = isInQuery
        // What stands before the first of these may be the rest of a value.
        var isValue = isInQuery && !(text.first.map { "?&".contains($0) } ?? true)
        var hasMask = false
        for character in text {
            switch character {
            case "?" where !isInQuery: (isInQuery, isValue, hasMask) = (true, false, false)
            case "&" where isInQuery: (isValue, hasMask) = (false, false)
            case "=" where isInQuery && !isValue:
                (isValue, hasMask) = (true, false)
                result.append(character)
                continue
            default:
                if isInQuery && isValue {
                    if !hasMask { result += "***" }
                    hasMask = true
                    continue
                }
            }
            result.append(character)
        }
        return result
    }
}
