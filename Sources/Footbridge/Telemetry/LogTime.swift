import Glibc

/// A time of day for a log line, to the millisecond.
struct LogTime {
    private let calendar: tm
    private let milliseconds: Int

    /// `time` as the clock on the wall shows it (`TZ`), for people.
    static func local(_ time: timespec) -> LogTime {
        var seconds = time.tv_sec
        var calendar = tm()
        localtime_r(&seconds, &calendar)
        return LogTime(calendar: calendar, milliseconds: time.tv_nsec / 1_000_000)
    }

    /// `time` in UTC, for machines.
    static func utc(_ time: timespec) -> LogTime {
        var seconds = time.tv_sec
        var calendar = tm()
        gmtime_r(&seconds, &calendar)
        return LogTime(calendar: calendar, milliseconds: time.tv_nsec / 1_000_000)
    }

    static var now: timespec {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time
    }

    /// `03:07:08.123`
    func appendClock(to line: inout LogLine) {
        line.append(Int(calendar.tm_hour), width: 2)
        line.append(":")
        line.append(Int(calendar.tm_min), width: 2)
        line.append(":")
        line.append(Int(calendar.tm_sec), width: 2)
        line.append(".")
        line.append(milliseconds, width: 3)
    }

    /// `2026-02-01T03:07:08.123Z` (ISO 8601, RFC 3339)
    func appendISO8601(to line: inout LogLine) {
        line.append(Int(calendar.tm_year) + 1900, width: 4)
        line.append("-")
        line.append(Int(calendar.tm_mon) + 1, width: 2)
        line.append("-")
        line.append(Int(calendar.tm_mday), width: 2)
        line.append("T")
        appendClock(to: &line)
        line.append("Z")
    }
}

extension LogTime {
    /// Milliseconds since 1970 as `2026-02-01T03:07:08.123Z`.
    static func iso8601(milliseconds: Int64) -> String {
        let time = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
        var line = LogLine()
        LogTime.utc(time).appendISO8601(to: &line)
        return String(decoding: line.bytes, as: UTF8.self)
    }
}
