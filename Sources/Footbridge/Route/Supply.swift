internal import FootbridgeCurl

/// What this process can afford: after a lack of descriptors, ports, memory or threads fewer requests are made at a time,
/// and slowly more again.
struct Supply {
    /// Requests in flight at most; `nil` without a lack.
    private(set) var limit: Int?
    private(set) var pausedUntil: MonotonicTime?
    private var raisedAt = MonotonicTime(nanoseconds: 0)

    private static let pause = Duration.milliseconds(100)
    /// After this time without a lack the limit is raised by an eighth.
    private static let patience = Duration.seconds(5)

    /// - Parameter inFlight: requests that are under way all the same.
    /// - Returns: whether this is the first lack since all was well.
    mutating func lack(inFlight: Int, now: MonotonicTime) -> Bool {
        defer {
            limit = min(limit ?? .max, max(1, inFlight - 1))
            pausedUntil = now + Self.pause
            raisedAt = now
        }
        return limit == nil
    }

    mutating func slots(inFlight: Int, now: MonotonicTime) -> Int {
        guard let limit else { return .max }
        if let pausedUntil {
            guard now >= pausedUntil else { return 0 }
            self.pausedUntil = nil
        }
        if now - raisedAt >= Self.patience {
            raisedAt = now
            self.limit = limit + max(1, limit / 8)
            // So many were never asked for: nothing is lacking any more.
            if limit > 16_384 { self.limit = nil }
        }
        return max(0, (self.limit ?? .max) - inFlight)
    }
}
