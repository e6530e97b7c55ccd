#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Milliseconds since 1970, as other programs take them: `1514764800123`, and what is finer behind a point, down to
/// picoseconds. Nothing is lost, except below a picosecond in the hours around the beginning of 2001, where a `Date` can hold that.
extension Date: FieldScalar {
    init?(field: ArraySlice<UInt8>) { self.init(milliseconds: String(decoding: field, as: UTF8.self)) }

    var json: FieldJSON? {
        let seconds = timeIntervalSinceReferenceDate
        guard seconds.isFinite else { return seconds.json }
        // So that whole milliseconds fit into 53 bits: 280,000 years.
        guard abs(seconds) < 9e12 else { return (timeIntervalSince1970 * 1000).json }
        let milliseconds = (timeIntervalSince1970 * 1000).rounded()
        if Date(timeIntervalSince1970: milliseconds / 1000) == self { return .number(String(Int64(milliseconds))) }
        let whole = seconds.rounded(.down)
        let rest = Int64(((seconds - whole) * 1e12).rounded())
        let (picoseconds, below) = (Int64(whole) + Self.reference, rest)
        return .number(Self.text(picoseconds, below))
    }

    init?(json: FieldJSON) {
        guard case .number(let text) = json else { return nil }
        self.init(milliseconds: text)
    }

    /// Seconds from 1970 to the beginning of 2001, from which a `Date` counts.
    private static var reference: Int64 { 978_307_200 }

    /// - Parameter picoseconds: to be added, from 0 to 10¹².
    private static func text(_ seconds: Int64, _ picoseconds: Int64) -> String {
        // Billionths of a millisecond: |seconds| is below 10¹³.
        let (high, low) = (seconds * 1000 + picoseconds / 1_000_000_000, picoseconds % 1_000_000_000)
        let (whole, rest) = high < 0 && low > 0 ? (high + 1, 1_000_000_000 - low) : (high, low)
        var digits = String(rest)
        digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while digits.utf8.count > 1, digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
        return "\(high < 0 && whole == 0 ? "-" : "")\(whole).\(digits)"
    }

    private init?(milliseconds text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = text.utf8.allSatisfy {
            $0 &- UInt8(ascii: "0") <= 9 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        }
        guard parts.count == 2, isPlain, let whole = Int64(parts[0]), whole.magnitude < 1 << 53,
            let rest = Int64(
                String(parts[1].prefix(9)) + String(repeating: "0", count: max(0, 9 - parts[1].utf8.count))),
            rest >= 0
        else {
            guard let milliseconds = Double(text) else { return nil }
            self.init(timeIntervalSince1970: milliseconds / 1000)
            return
        }
        let isNegative = text.hasPrefix("-")
        let (high, low) = isNegative && rest > 0 ? (whole - 1, 1_000_000_000 - rest) : (whole, rest)
        let seconds = high >= 0 ? high / 1000 : (high - 999) / 1000
        let picoseconds = (high - seconds * 1000) * 1_000_000_000 + low
        self.init(timeIntervalSinceReferenceDate: Double(seconds - Self.reference) + Double(picoseconds) / 1e12)
    }
}
