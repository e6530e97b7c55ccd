/// Bytes that cannot stand where they are needed, as `%XX`.
public enum PercentCoding {
    /// Appends an attribute's value as CloudEvents want it in a header: encoded are space, `"`, `%` and all outside
    /// U+0021–U+007E, and nothing else (HTTP binding 1.0.2 §3.1.3.2). So no value can end its line.
    ///
    /// An array and not any sequence: across modules a generic function would call for each byte.
    public static func appendHeader(_ value: [UInt8], to out: inout [UInt8]) {
        for byte in value { append(byte, isPlain: isPlainInHeader(byte), to: &out) }
    }

    /// Text as one segment of a path: all but unreserved characters is encoded (RFC 3986 §2.3).
    public static func segment(_ text: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for byte in text { append(byte, isPlain: isUnreserved(byte), to: &out) }
        return out
    }

    private static func append(_ byte: UInt8, isPlain: Bool, to out: inout [UInt8]) {
        guard !isPlain else { return out.append(byte) }
        out.append(UInt8(ascii: "%"))
        out.append(digit(byte >> 4))
        out.append(digit(byte & 15))
    }

    private static func isPlainInHeader(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "%")
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "A") &+ value &- 10
    }
}
