internal import FootbridgeCurl
internal import Glibc

/// How many requests may be in flight at an endpoint that nobody has measured: `concurrency: auto`.
///
/// What an endpoint can do at a time shows in how long it takes. With few requests none waits for another, and the time of one
/// is the *floor*; once there are more than it works on at a time they queue, and take longer. Requests are looked at in
/// *rounds* of some twice the limit, and only those count that started in their round:
///
/// - **Growing.** While a round takes about the floor and the limit was used up, it is doubled: 1, 2, 4 … After the first sign
///   that it is too high it grows by its square root.
/// - **Queueing.** A round that takes 1.3 times the floor, and more than chance explains, cuts the limit to what was in flight
///   without queue, by Little's law: `limit · floor / time`, a twentieth less, so that the queue drains and the floor shows
///   again. Not by more than half at a time.
/// - **Too much.** A throttling or a timeout takes a quarter, once per round trip.
///
/// The floor follows what rounds take, quickly down and slowly up. If the limit was halved and requests take as long as
/// before, it is not ours that queue: that time is the new floor, and the limit grows as in the beginning.
///
/// The time of a round leaves out its slowest fifth, so that new connections and the odd slow request say nothing.
struct AdaptiveLimit {
    static let defaultMaximum = 256

    private(set) var value = 1
    let maximum: Int

    private var isDoubling = true
    /// Seconds that a request takes without a queue; `nil` before the first round.
    private(set) var floor: Double?
    /// Of this round: when it began, what its requests took, and whether the limit was used up.
    private var startedAt = MonotonicTime(nanoseconds: 0)
    private var seconds: [Double] = []
    private var wasReached = false
    /// Where the limit stood, and how long a round took, before it was cut for a queue that has not become shorter since.
    private var queue: (seconds: Double, limit: Int)?

    private static let tolerance = 1.3
    /// Longer than the floor by this many standard errors is no chance.
    private static let significance = 3.0
    /// Shorter times are those of our own loop and timers.
    private static let lowestFloor = 0.002

    init(maximum: Int = Self.defaultMaximum) { self.maximum = max(1, maximum) }

    /// - Parameter inFlight: requests at the endpoint, with this one.
    mutating func didStart(inFlight: Int) {
        if inFlight >= value { wasReached = true }
    }

    mutating func wasAccepted(_ attempt: Attempt, now: MonotonicTime) {
        guard attempt.startedAt >= startedAt else { return }
        seconds.append((now - attempt.startedAt).seconds)
        if seconds.count >= roundLength { endRound(now) }
    }

    /// The endpoint wants fewer requests, or gave no answer in time.
    ///
    /// - Parameter rate: requests a second that it has shown to take. A learned rate answers a throttling by itself: the limit
    ///   leaves room for what is in flight at that rate.
    mutating func wasTooMuch(_ attempt: Attempt, rate: Double?, now: MonotonicTime) {
        // What started before a cut says nothing of the limit after it.
        guard attempt.startedAt >= startedAt else { return }
        let needed = rate.map { Int(min(Double(maximum), 1 + ($0 * (floor ?? 0) * Self.tolerance).rounded(.up))) } ?? 1
        value = max(min(value, needed), value * 3 / 4, 1)
        isDoubling = false
        beginRound(now)
    }

    // MARK: - Rounds

    private var roundLength: Int { min(max(2 * value, isDoubling ? 10 : 20), 100) }

    private mutating func beginRound(_ now: MonotonicTime) {
        startedAt = now
        seconds.removeAll(keepingCapacity: true)
        wasReached = false
    }

    private mutating func endRound(_ now: MonotonicTime) {
        let (mean, error) = Self.trimmedMean(seconds)
        let floor = self.floor.map { $0 + (mean - $0) * (mean < $0 ? 0.2 : 0.03) } ?? mean
        self.floor = floor
        // With a limit that was not used up nothing of ours has queued, and nothing shows that more would be taken.
        if wasReached {
            let base = max(floor, Self.lowestFloor)
            if mean > max(Self.tolerance * base, base + Self.significance * error) {
                didQueue(mean, base)
            } else {
                queue = nil
                grow()
            }
        }
        beginRound(now)
    }

    private mutating func grow() {
        let step = isDoubling ? value : max(1, Int(Double(value).squareRoot()))
        value = min(maximum, value + step)
    }

    private mutating func didQueue(_ mean: Double, _ base: Double) {
        // Shorter by this much, and the cuts have helped: the next ones are compared with that.
        let hasHelped = queue.map { mean <= 0.8 * $0.seconds } ?? true
        if hasHelped { queue = (mean, value) }
        guard value > 1, let queue, hasHelped || 2 * value > queue.limit else {
            floor = mean
            isDoubling = queue.map { $0.limit > 2 } ?? false
            queue = nil
            return
        }
        isDoubling = false
        let share = min(0.95, max(0.5, 0.95 * base / mean))
        value = max(1, Int((Double(value) * share).rounded()))
    }

    /// Without the slowest fifth, with the standard error.
    private static func trimmedMean(_ values: [Double]) -> (mean: Double, error: Double) {
        let kept = values.sorted().prefix(max(1, values.count * 4 / 5))
        let count = Double(kept.count)
        let mean = kept.reduce(0, +) / count
        let variance = kept.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        return (mean, (variance / count).squareRoot())
    }
}
