internal import FootbridgeCurl

/// How many messages a worker has in memory at a time: what it handles within a second or two, so that one with slow handlers
/// leaves the rest to others. Grows while handlers wait for messages that are there, and shrinks when they get slow.
struct ReadAhead {
    private let range: ClosedRange<Int>
    private(set) var limit: Int
    private var settled = 0
    private var since: MonotonicTime?

    init(concurrency: Int, window: Int) {
        let least = min(window, max(concurrency * 2, 8))
        range = least...window
        limit = least
    }

    /// Handlers had nothing to do, though the last read brought all that was asked for.
    mutating func ranDry() { limit = min(limit * 2, range.upperBound) }

    mutating func didSettle(_ count: Int, at now: MonotonicTime) {
        settled += count
        guard let since, now - since < .seconds(2) else {
            self.since = now
            settled = 0
            return
        }
        guard now - since >= .seconds(1) else { return }
        limit = min(limit, max(range.lowerBound, settled * 2))
        (self.since, settled) = (now, 0)
    }
}
