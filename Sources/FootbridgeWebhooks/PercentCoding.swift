/// Bytes that cannot stand where they are needed, as `%XX`.
public enum PercentCoding {
    /// Which bytes may stand as they are.
    public enum Place: Sendable {
        /// One part of a URL: unreserved characters (RFC 3986 §2.3).
        case url
        /// `application/x-www-form-urlencoded`, as the URL standard writes it; a space is a `+`.
        case form
        /// An attribute of a CloudEvent in a header: all but space, `"`, `%` and what is outside U+0021–U+007E (HTTP binding
        /// 1.0.2 §3.1.3.2). So no value can end its line.
        case eventHeader
    }

    public static func append(_ bytes: UnsafeRawBufferPointer, for place: Place, to out: inout [UInt8]) {
        for byte in bytes {
            if isPlain(byte, place) {
                out.append(byte)
            } else if place == .form, byte == UInt8(ascii: " ") {
                out.append(UInt8(ascii: "+"))
            } else {
                out.append(UInt8(ascii: "%"))
                out.append(digit(byte >> 4))
                out.append(digit(byte & 15))
            }
        }
    }

    /// An array and not any sequence: across modules a generic function would call for each byte.
    public static func append(_ bytes: [UInt8], for place: Place, to out: inout [UInt8]) {
        bytes.withUnsafeBytes { append($0, for: place, to: &out) }
    }

    public static func encoded(_ text: String, for place: Place) -> String {
        var out: [UInt8] = []
        append(Array(text.utf8), for: place, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    /// `a=1&b=x%20y`: as a query has it, and forms read it, too.
    public static func pairs(_ pairs: [(name: String, value: String)]) -> String {
        pairs.map { "\(encoded($0.name, for: .url))=\(encoded($0.value, for: .url))" }.joined(separator: "&")
    }

    private static func isPlain(_ byte: UInt8, _ place: Place) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default:
            switch place {
            case .url: byte == UInt8(ascii: "~")
            case .form: byte == UInt8(ascii: "*")
            case .eventHeader: (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "%")
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "A") &+ value &- 10
    }
}
