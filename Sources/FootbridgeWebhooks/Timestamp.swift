/// Times as RFC 3339 writes them: `2024-01-31T10:00:00.250Z`.
public enum Timestamp {
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
}
