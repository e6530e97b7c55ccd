import Glibc

/// A time of the monotonic clock, in eight bytes: ledgers hold millions of them.
struct Moment: Comparable, Sendable {
    let nanoseconds: UInt64

    static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// By so many nanoseconds the wall clock is ahead of this one.
    static var epoch: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec) - Double(now.nanoseconds)
    }

    static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }

    static func + (time: Moment, seconds: Double) -> Moment {
        Moment(nanoseconds: UInt64(max(0, Double(time.nanoseconds) + seconds * 1e9)))
    }

    static func - (time: Moment, seconds: Double) -> Moment { time + -seconds }

    /// Seconds.
    static func - (end: Moment, start: Moment) -> Double {
        (Double(end.nanoseconds) - Double(start.nanoseconds)) / 1e9
    }
}

/// Waits for so many seconds.
func pause(_ seconds: Double) { usleep(UInt32(max(0, seconds) * 1e6)) }

/// Asks every few milliseconds, for at most so many seconds; whether it came true.
func eventually(within seconds: Double, every step: Double = 0.01, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = Moment.now + seconds
    while try !condition() {
        if Moment.now > end { return false }
        pause(step)
    }
    return true
}
