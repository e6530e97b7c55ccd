/// Times of the calendar: `2024-01-31`, `2024-01-31T10:00Z`, `2024-01-31T10:00:00.5+02:00`.
enum ISO8601 {
    /// Milliseconds since 1970, UTC; a date alone is its midnight in UTC, smaller fractions are dropped.
    static func milliseconds(_ text: ConfigText) throws(Complaint) -> UInt64 {
        var rest = Array(text.text.utf8)[...]
        guard let year = number(&rest, 4), skip(&rest, "-"), let month = number(&rest, 2), skip(&rest, "-"),
            let day = number(&rest, 2)
        else {
            throw Complaint("\(text.shown) is no time; write it as 2024-01-31T10:00:00Z")
        }
        guard (1...12).contains(month), (1...days(in: month, of: year)).contains(day) else {
            throw Complaint("\(text.shown) is no day of the calendar")
        }
        guard year >= 1970 else { throw Complaint("\(text.shown) is before 1970; write beginning") }
        var total = daysSince1970(year, month, day) * 86_400_000
        if !rest.isEmpty { total += try timeOfDay(&rest, text) }
        return UInt64(max(0, total))
    }

    private static func timeOfDay(_ rest: inout ArraySlice<UInt8>, _ text: ConfigText) throws(Complaint) -> Int {
        let wrong = Complaint("\(text.shown) is no time; write it as 2024-01-31T10:00:00Z or with +02:00 for Z")
        guard skip(&rest, "T") || skip(&rest, "t") || skip(&rest, " "), let hour = number(&rest, 2), skip(&rest, ":"),
            let minute = number(&rest, 2), hour < 24, minute < 60
        else { throw wrong }
        var total = hour * 3_600_000 + minute * 60_000
        if skip(&rest, ":") {
            guard let second = number(&rest, 2), second < 60 else { throw wrong }
            total += second * 1000
            if skip(&rest, ".") {
                let digits = rest.prefix(while: isDigit)
                guard (1...9).contains(digits.count) else { throw wrong }
                rest = rest.dropFirst(digits.count)
                total += (digits + [48, 48, 48]).prefix(3).reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            }
        }
        guard !rest.isEmpty else { throw Complaint("\(text.shown) has no zone; add Z for UTC, or an offset: +02:00") }
        if skip(&rest, "Z") || skip(&rest, "z") {
            guard rest.isEmpty else { throw wrong }
            return total
        }
        let isAhead = skip(&rest, "+")
        guard isAhead || skip(&rest, "-"), let hours = number(&rest, 2), skip(&rest, ":"),
            let minutes = number(&rest, 2), hours < 24, minutes < 60, rest.isEmpty
        else { throw wrong }
        let offset = hours * 3_600_000 + minutes * 60_000
        return isAhead ? total - offset : total + offset
    }

    /// Days from 1970-01-01 in the Gregorian calendar.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let before = year - 1
        let leapDays = (before / 4 - before / 100 + before / 400) - 477  // 477 leap days until the end of 1969
        let months = (1..<month).reduce(0) { $0 + days(in: $1, of: year) }
        return (year - 1970) * 365 + leapDays + months + day - 1
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        default: 31
        }
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, _ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func skip(_ rest: inout ArraySlice<UInt8>, _ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
