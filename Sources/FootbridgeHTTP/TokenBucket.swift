package import FootbridgeCurl

/// So many per second, and some more at once after a pause.
package struct TokenBucket: Sendable {
    private let rate: Double
    private let burst: Double
    private var tokens: Double
    private var at: MonotonicTime

    package init(rate: Double, burst: Double, now: MonotonicTime = .now) {
        self.rate = rate
        self.burst = burst
        tokens = burst
        at = now
    }

    package mutating func take(_ now: MonotonicTime) -> Bool {
        tokens = held(now)
        at = max(at, now)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// Until there is one.
    package func wait(_ now: MonotonicTime) -> Duration { .seconds(max(0, 1 - held(now)) / rate) }

    private func held(_ now: MonotonicTime) -> Double { min(burst, tokens + max(0, (now - at) / .seconds(1)) * rate) }
}
