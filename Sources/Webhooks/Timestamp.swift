/// Times as RFC 3339 writes them: `2024-01-31T10:00:00.250Z`.
public enum Timestamp {
    /// Appends a time in UTC.
    ///
    /// - Parameter milliseconds: since 1970, up to the year 9999.
    public static func append(milliseconds: UInt64, to out: inout [UInt8]) {
        let days = milliseconds / 86_400_000
        let time = milliseconds % 86_400_000
        let (year, month, day) = date(days: days)
        digits(year, 4, to: &out)
        out.append(UInt8(ascii: "-"))
        digits(month, 2, to: &out)
        out.append(UInt8(ascii: "-"))
        digits(day, 2, to: &out)
        out.append(UInt8(ascii: "T"))
        digits(time / 3_600_000, 2, to: &out)
        out.append(UInt8(ascii: ":"))
        digits(time / 60_000 % 60, 2, to: &out)
        out.append(UInt8(ascii: ":"))
        digits(time / 1000 % 60, 2, to: &out)
        out.append(UInt8(ascii: "."))
        digits(time % 1000, 3, to: &out)
        out.append(UInt8(ascii: "Z"))
    }

    /// Whether `text` is a time of RFC 3339 §5.6: a day of the calendar, a time, and a zone. A leap second counts.
    public static func isValid(_ text: some Collection<UInt8>) -> Bool {
        let text = Array(text)
        func number(_ from: Int, _ count: Int) -> Int? {
            guard text.count >= from + count else { return nil }
            var value = 0
            for byte in text[from..<from + count] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return value
        }
        func holds(_ characters: Unicode.Scalar..., at index: Int) -> Bool {
            index < text.count && characters.contains { text[index] == UInt8(ascii: $0) }
        }
        guard let year = number(0, 4), holds("-", at: 4), let month = number(5, 2), holds("-", at: 7),
            let day = number(8, 2), holds("T", "t", at: 10), let hour = number(11, 2), holds(":", at: 13),
            let minute = number(14, 2), holds(":", at: 16), let second = number(17, 2)
        else { return false }
        guard (1...12).contains(month), (1...length(of: month, year)).contains(day), hour < 24, minute < 60,
            second <= 60
        else { return false }
        var index = 19
        if holds(".", at: index) {
            index += 1
            let first = index
            while number(index, 1) != nil { index += 1 }
            if index == first { return false }
        }
        if holds("Z", "z", at: index) { return index + 1 == text.count }
        guard holds("+", "-", at: index), let hours = number(index + 1, 2), holds(":", at: index + 3),
            let minutes = number(index + 4, 2)
        else { return false }
        return hours < 24 && minutes < 60 && index + 6 == text.count
    }

    private static func length(of month: Int, _ year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        default: 31
        }
    }

    /// The day of the Gregorian calendar, counted in years that begin with March, so that leap days are last.
    private static func date(days: UInt64) -> (year: UInt64, month: UInt64, day: UInt64) {
        let sinceYear0 = days + 719_468  // days from 0000-03-01 to 1970-01-01
        let era = sinceYear0 / 146_097  // days in 400 years
        let ofEra = sinceYear0 % 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func digits(_ value: UInt64, _ count: Int, to out: inout [UInt8]) {
        var divisor: UInt64 = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            out.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}
