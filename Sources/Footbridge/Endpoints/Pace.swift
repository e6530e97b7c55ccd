internal import Curl

/// How fast requests may start at an endpoint that asked for fewer.
struct Pace {
    private var pausedUntil: MonotonicTime?

    func allowance(now: MonotonicTime) -> Int {
        if let pausedUntil, now < pausedUntil { return 0 }
        return .max
    }

    func nextChange(now: MonotonicTime) -> MonotonicTime? {
        pausedUntil.flatMap { $0 > now ? $0 : nil }
    }

    mutating func didStart(now: MonotonicTime) {}

    mutating func wasAccepted(_ attempt: Attempt, now: MonotonicTime) {}

    /// - Returns: whether it begins to slow down.
    mutating func wasThrottled(_ attempt: Attempt, pause: Duration?, now: MonotonicTime) -> Bool {
        if let pause { pausedUntil = max(pausedUntil ?? now, now + pause) }
        return false
    }
}
