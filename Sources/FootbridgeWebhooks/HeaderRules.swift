/// What may stand in a request's headers; libcurl sends them as they are, line breaks included.
public enum HeaderRules {
    /// Whether `name` is a token of RFC 9110 §5.6.2, as a field's name must be: one or more letters, digits and
    /// ``!#$%&'*+-.^_`|~``.
    public static func isToken(_ name: some Sequence<UInt8>) -> Bool {
        var isEmpty = true
        for byte in name {
            guard isTokenByte(byte) else { return false }
            isEmpty = false
        }
        return !isEmpty
    }

    /// Whether `value` holds no control byte but the tab, so that it cannot end its line (RFC 9110 §5.5; bytes from
    /// 0x80 on are its `obs-text`).
    public static func isSafeValue(_ value: some Sequence<UInt8>) -> Bool {
        value.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == UInt8(ascii: "\t") }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default:
            false
        }
    }
}
