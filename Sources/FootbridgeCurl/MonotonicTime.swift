internal import CFootbridgeCurl

/// A point on the clock that never jumps: nanoseconds since the machine started, those in which it was suspended included:
/// Redis counts them, too. For waiting and for measuring.
public struct MonotonicTime: Hashable, Sendable, Comparable {
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static var now: MonotonicTime { MonotonicTime(nanoseconds: footbridge_monotonic_nanoseconds()) }

    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Later by a duration; saturates at the far end instead of overflowing.
    public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return MonotonicTime(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    public static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        .nanoseconds(left.nanoseconds.subtractingReportingOverflow(right.nanoseconds).partialValue)
    }
}

/// The wall clock, which may jump: milliseconds since 1970, UTC. For time stamps and for what Redis stores.
public enum WallClock {
    public static var milliseconds: Int64 { footbridge_wall_milliseconds() }
}

extension Duration {
    /// Nanoseconds, saturated at ±292 years.
    public var wholeNanoseconds: Int64 {
        // `components` holds as many seconds as an Int64 does, and ends the process beyond.
        if self >= .nanoseconds(Int64.max) { return .max }
        if self <= .nanoseconds(Int64.min) { return .min }
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }

    /// Milliseconds, rounded down, saturated.
    public var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }
}
