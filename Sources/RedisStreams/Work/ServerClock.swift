package import FootbridgeCurl
package import FootbridgeRESP

/// Compares Redis' clock with ours: idle times are differences of Redis' clock, and a step of it makes everybody look
/// silent, or alive.
package struct ServerClock {
    /// Redis' clock less ours, in milliseconds.
    private var offset: Int64?

    /// More than this is no drift.
    private static let tolerance: Int64 = 1000

    package init() {}

    /// - Parameter server: milliseconds since 1970.
    package mutating func didStep(server: Int64, sentAt: MonotonicTime, answeredAt: MonotonicTime) -> Bool {
        let middle = (sentAt.nanoseconds / 2 + answeredAt.nanoseconds / 2) / 1_000_000
        let roundTrip = (answeredAt - sentAt).wholeMilliseconds
        let found = server &- middle
        defer { offset = found }
        guard let offset else { return false }
        return (found &- offset).magnitude > UInt64(max(0, Self.tolerance + roundTrip))
    }

    /// `[seconds, microseconds]`
    package static func time(_ reply: RESPValue?) -> Int64? {
        guard let parts = reply?.elements, parts.count == 2, let seconds = parts[0].integer,
            let microseconds = parts[1].integer
        else { return nil }
        return seconds &* 1000 &+ microseconds / 1000
    }
}
