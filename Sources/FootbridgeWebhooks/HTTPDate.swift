/// The three forms of a date that a recipient must accept (RFC 9110 §5.6.7), exactly as the grammar has them.
///
/// - `Sun, 06 Nov 1994 08:49:37 GMT`, the only one to be sent today
/// - `Sunday, 06-Nov-94 08:49:37 GMT`, RFC 850
/// - `Sun Nov  6 08:49:37 1994`, asctime
///
/// Letters are case-sensitive. That the weekday fits the date is not checked: the date says enough.
enum HTTPDate {
    /// - Parameter now: unix seconds; a year of two digits is the one nearest to it.
    static func unixSeconds(_ text: ArraySlice<UInt8>, now: Int64) -> Int64? {
        var text = Scanner(rest: text)
        if text.name(of: longDays) != nil { return rfc850(&text, now: now) }
        guard text.name(of: days) != nil else { return nil }
        return text.skip(", ") ? imfFixdate(&text) : asctime(&text)
    }

    private static func imfFixdate(_ text: inout Scanner) -> Int64? {
        guard let day = text.number(2), text.skip(" "), let month = text.name(of: months), text.skip(" "),
            let year = text.number(4), text.skip(" "), let time = time(&text), text.skip(" GMT"), text.isAtEnd
        else { return nil }
        return seconds(year: year, month: month, day: day, time: time)
    }

    private static func rfc850(_ text: inout Scanner, now: Int64) -> Int64? {
        guard text.skip(", "), let day = text.number(2), text.skip("-"), let month = text.name(of: months),
            text.skip("-"),
            let short = text.number(2), text.skip(" "), let time = time(&text), text.skip(" GMT"), text.isAtEnd
        else { return nil }
        // More than 50 years ahead means the past (RFC 9110 §5.6.7). A mean year is exact enough for that.
        let thisYear = 1970 + Int(now / 31_556_952)
        var year = thisYear - thisYear % 100 + short
        if year > thisYear + 50 { year -= 100 } else if year <= thisYear - 50 { year += 100 }
        return seconds(year: year, month: month, day: day, time: time)
    }

    private static func asctime(_ text: inout Scanner) -> Int64? {
        guard text.skip(" "), let month = text.name(of: months), text.skip(" "),
            let day = text.skip(" ") ? text.number(1) : text.number(2), text.skip(" "),
            let time = time(&text), text.skip(" "), let year = text.number(4), text.isAtEnd
        else { return nil }
        return seconds(year: year, month: month, day: day, time: time)
    }

    /// `hh:mm:ss` as seconds of the day; a leap second is the first one of the next minute.
    private static func time(_ text: inout Scanner) -> Int? {
        guard let hour = text.number(2), hour < 24, text.skip(":"), let minute = text.number(2), minute < 60,
            text.skip(":"), let second = text.number(2), second <= 60
        else { return nil }
        return (hour * 60 + minute) * 60 + second
    }

    /// `month` counts from 0.
    private static func seconds(year: Int, month: Int, day: Int, time: Int) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day >= 1, day <= lengths[month], year >= 1 else { return nil }
        let past = year - 1
        let daysBeforeYear = past * 365 + past / 4 - past / 100 + past / 400
        let days = daysBeforeYear + lengths[..<month].reduce(0, +) + day - 1 - daysBefore1970
        return Int64(days * 86_400 + time)
    }

    /// From 1 January of the year 1, in the calendar of today.
    private static let daysBefore1970 = 719_162
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longDays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}

/// Takes pieces off the front of a text; a piece that does not fit takes nothing.
private struct Scanner {
    var rest: ArraySlice<UInt8>

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ literal: String) -> Bool {
        guard rest.starts(with: literal.utf8) else { return false }
        rest = rest.dropFirst(literal.utf8.count)
        return true
    }

    /// The place of the one of `names` that stands here.
    mutating func name(of names: [String]) -> Int? {
        for (index, name) in names.enumerated() where skip(name) { return index }
        return nil
    }

    /// Exactly `count` decimal digits.
    mutating func number(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
