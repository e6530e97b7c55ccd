/// Numbers in the file are decimal and plain: YAML's `064` (octal in 1.1, decimal in 1.2), `0x10`, `1e3` and `1_000` are
/// refused with what to write instead.
enum NumberText {
    static func integer(_ text: ConfigText, _ range: ClosedRange<Int>) throws(Complaint) -> Int {
        let bytes = text.text.utf8
        let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
        guard !digits.isEmpty, digits.allSatisfy(isDigit), digits.count == 1 || digits.first != UInt8(ascii: "0") else {
            let meant = text.isLiteral ? plain(text.text).map { "\($0)" } : nil
            throw Complaint("\(text.shown) is no plain whole number; write \(meant ?? "digits only")")
        }
        guard let value = Int(text.text), range.contains(value) else {
            throw Complaint("\(text.shown) is out of range; write \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    static func decimal(_ text: ConfigText, _ range: ClosedRange<Double>) throws(Complaint) -> Double {
        let parts = text.text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.count <= 15 && $0.allSatisfy(isDigit) }),
            let value = Double(text.text)
        else { throw Complaint("\(text.shown) is no plain number; write it as 2 or 1.5") }
        guard range.contains(value) else {
            throw Complaint(
                "\(text.shown) is out of range; write \(format(range.lowerBound)) to \(format(range.upperBound))")
        }
        return value
    }

    /// Without `.0`.
    static func format(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// What was meant by a number in one of the forms that are refused.
    private static func plain(_ text: String) -> Int? {
        guard text.utf8.count <= 12 else { return nil }
        if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return Int(text.dropFirst(2), radix: 8) }
        if let number = Int(text.filter { $0 != "_" }) { return number }
        return Double(text).flatMap { Int(exactly: $0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
