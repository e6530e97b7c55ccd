/// A URL is taken apart as bytes: a `Character` may hold a "/" together with a combining mark.
extension ArraySlice<UInt8> {
    /// Keeps what is before the first `separator` and returns what is after it; `nil` if there is none.
    mutating func cut(at separator: UInt8) -> ArraySlice<UInt8>? {
        guard let index = firstIndex(of: separator) else { return nil }
        let rest = self[(index + 1)...]
        self = self[..<index]
        return rest
    }

    var string: String { String(decoding: self, as: UTF8.self) }

    /// Text with each `%XX` made a byte.
    /// - Parameter what: names the part in errors, which never show it.
    func percentDecoded(_ what: String) throws(RedisURLError) -> String {
        var decoded: [UInt8] = []
        var rest = self
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexadecimalValue, let low = rest.popFirst()?.hexadecimalValue else {
                throw RedisURLError(#"\#(what): "%" stands before two hexadecimal digits; write a "%" itself as %25"#)
            }
            decoded.append(high << 4 | low)
        }
        guard !decoded.contains(0), let text = String(validating: decoded, as: UTF8.self) else {
            throw RedisURLError("\(what) is not text in UTF-8")
        }
        return text
    }

    /// A database's number, from 0.
    func databaseNumber() throws(RedisURLError) -> Int {
        guard !isEmpty, allSatisfy(\.isDecimalDigit) else {
            throw RedisURLError(#"database "\#(string)" is not a number"#)
        }
        guard let number = Int32(string) else { throw RedisURLError("database \(string) is above \(Int32.max)") }
        return Int(number)
    }
}

extension UInt8 {
    static let atSign = UInt8(ascii: "@")
    static let colon = UInt8(ascii: ":")

    var isDecimalDigit: Bool { self &- UInt8(ascii: "0") <= 9 }
    var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") <= 25 }

    var hexadecimalValue: UInt8? {
        if isDecimalDigit { return self - UInt8(ascii: "0") }
        let letter = (self | 0x20) &- UInt8(ascii: "a")
        return letter <= 5 ? letter + 10 : nil
    }
}
