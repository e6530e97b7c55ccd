internal import FootbridgeCurl
internal import Glibc

/// How fast requests may start at an endpoint that asked for fewer (`Outcome.throttled`): evenly spaced, by a learned rate.
///
/// 1. **Search.** The first throttling stops everything for its `Retry-After`. The rate begins with what was accepted in
///    the last second, 4/s at least; acceptances raise it by half until the next throttling, which undoes that step.
/// 2. **Hold.** Later a throttling lowers it by a twentieth, more if the last one is near, for 5 s (longer below 4/s).
/// 3. **Grow.** By 5 % a second for 4 s, then by half; far above what is accepted for 10 s there is no rate any more.
///
/// With a rate, one refused request is alone in waiting for its `Retry-After`; a run of them stops all (`RefusalRun`).
/// Without one, a throttling after a hundred acceptances does not begin it: some receivers limit each customer.
///
/// The worst of 32 simulated seeds that nothing was tuned on, each with latencies of 2, 20 and 100 ms, `Retry-After: 1` and
/// none: of 20/s 0.917 are used with 1.13 requests per entry, of 1/s 0.944 with 1.17, of 500/s 0.86 with 1.07 (but half
/// with a bucket of one, whose 2 ms are finer than timers). Twice the limit some 9 s after it has gone.
struct Pace {
    /// Requests a second; `nil`: any number.
    private(set) var rate: Double?
    private(set) var pausedUntil: MonotonicTime?

    private var phase = Phase.searching
    /// When the next request may start, by the rate.
    private var nextStart = MonotonicTime(nanoseconds: 0)
    private var lastStart = MonotonicTime(nanoseconds: 0)
    /// When a throttling changed the rate, and when a search did: what started before says nothing of it.
    private var cutAt = MonotonicTime(nanoseconds: 0)
    private var raisedAt = MonotonicTime(nanoseconds: 0)
    private var grownAt = MonotonicTime(nanoseconds: 0)
    private var accepted = RecentCount()
    private var acceptedInARow = 0
    private var acceptedSinceCut = 0
    private var throttledAt = MonotonicTime(nanoseconds: 0)
    private var run: RefusalRun?

    private enum Phase: Equatable {
        case searching
        case holding(until: MonotonicTime)
        case growing(since: MonotonicTime)
    }

    private static let firstRate = 4.0
    private static let lowestRate = 0.1
    private static let hold = Duration.seconds(5)
    private static let slowGrowth = Duration.seconds(4)
    /// A request that may start and is late does so beside the next: timers are coarse.
    private static let catchUp = Duration.milliseconds(10)
    /// Without a throttling for so long a rate that is far above what is accepted is none any more.
    private static let release = Duration.seconds(10)
    private static let highestRate = 100_000.0
    private static let forgivenAmong = 100

    func allowance(now: MonotonicTime) -> Int {
        if let pausedUntil, now < pausedUntil { return 0 }
        guard let rate else { return .max }
        guard now >= nextStart else { return 0 }
        let late = now - nextStart
        return late < Self.catchUp ? 1 + Int(late.seconds * rate) : 1
    }

    func nextChange(now: MonotonicTime) -> MonotonicTime? {
        let next = max(pausedUntil ?? now, rate == nil ? now : nextStart)
        return next > now ? next : nil
    }

    mutating func didStart(now: MonotonicTime) {
        guard let rate else { return }
        lastStart = now
        nextStart = (now - nextStart < Self.catchUp ? nextStart : now) + .seconds(1 / rate)
    }

    mutating func wasAccepted(_ attempt: Attempt, now: MonotonicTime) {
        accepted.add(at: now)
        acceptedInARow += 1
        if attempt.startedAt >= cutAt { acceptedSinceCut += 1 }
        if let run, run.isEnded(by: attempt) { self.run = nil }
        guard let rate, attempt.startedAt >= max(cutAt, raisedAt) else { return }
        switch phase {
        case .searching:
            let lately = accepted.perSecond(over: .seconds(1), now: now)
            guard now - raisedAt >= .milliseconds(50) || rate < 20, rate < 2 * (lately + 10) else { return }
            set(rate * 1.5, now: now)
            raisedAt = now
        case .holding(let until):
            guard now >= until else { return }
            phase = .growing(since: now)
            grownAt = now
        case .growing(let since):
            // Nobody who sends nothing learns anything.
            let step = min(now - grownAt, .seconds(2 / rate))
            grownAt = now
            let scale = Self.scale(rate)
            let speed = (now - since).seconds < Self.slowGrowth.seconds * scale ? 0.05 : 0.4
            set(rate * exp(speed / scale * step.seconds), now: now)
        }
        // Something else is what limits.
        if let rate = self.rate, now - max(throttledAt, pausedUntil ?? throttledAt) >= Self.release,
            rate > 2 * (accepted.perSecond(over: .seconds(8), now: now) + 10)
        {
            self.rate = nil
        }
    }

    /// - Parameter pause: what `Retry-After` asks for, capped.
    /// - Returns: whether it begins to slow down.
    mutating func wasThrottled(_ attempt: Attempt, pause: Duration?, now: MonotonicTime) -> Bool {
        let wasFree = rate == nil && pausedUntil.map { $0 <= now } ?? true
        if let rate {
            goOn(after: attempt, rate, pause, now: now)
        } else if let pause {
            stop(until: now + pause)
            run = RefusalRun(pausedAt: now)
        }
        defer { acceptedInARow = 0 }
        throttledAt = now
        guard rate != nil || acceptedInARow < Self.forgivenAmong else { return wasFree && pause != nil }
        guard attempt.startedAt >= cutAt, now - cutAt >= cutInterval else { return false }
        let lately = accepted.perSecond(over: .seconds(1), now: now)
        guard let rate else {
            phase = .searching
            self.rate = max(Self.firstRate, lately)
            nextStart = now + .seconds(1 / (self.rate ?? 1))
            cutAt = now
            acceptedSinceCut = 0
            return wasFree
        }
        cut(rate, lately, now: now)
        return false
    }

    private mutating func cut(_ rate: Double, _ lately: Double, now: MonotonicTime) {
        // Nothing shows yet that this rate is too high: nothing at all is accepted. `RefusalRun` slows down.
        if acceptedSinceCut == 0 { return }
        let lower: Double
        if phase == .searching {
            phase = .growing(since: now)
            grownAt = now
            lower = max(rate / 1.5, 0.95 * min(lately, rate))
        } else {
            // Above the limit by much, as far as what came after the last cut tells.
            let isAgain = Double(acceptedSinceCut) < max(10, 3 * rate)
            let since = (now - cutAt).seconds
            let sustained = since >= 1 ? Double(acceptedSinceCut) / since : 0.81 * rate
            // The limit is between what was sustained, pauses included, and what was tried.
            lower =
                isAgain
                ? min(0.95 * rate, max(0.5 * rate, cbrt(sustained * rate * rate)))
                : 0.95 * rate
            let hold = Duration.seconds(Self.hold.seconds * Self.scale(rate))
            phase = .holding(until: now + hold)
        }
        // A limit per second or minute is used up now; that is no reason to be slower than it.
        let floor = min(rate, 0.95 * lately)
        self.rate = max(lower, floor, Self.lowestRate)
        cutAt = now
        acceptedSinceCut = 0
        // Nothing has been heard of the limit for long: it is searched anew.
        if accepted.perSecond(over: .seconds(8), now: now) == 0 { phase = .searching }
    }

    private mutating func stop(until end: MonotonicTime) {
        pausedUntil = max(pausedUntil ?? end, end)
        nextStart = max(nextStart, end)
    }

    /// One refused request may be alone: it waits for itself. When the next ones are refused, too, all wait.
    private mutating func goOn(after refused: Attempt, _ rate: Double, _ pause: Duration?, now: MonotonicTime) {
        guard var run else {
            let run = RefusalRun(refused, rate: rate, now: now)
            if refused.startedAt == lastStart { nextStart = now + run.gap }
            self.run = run
            return
        }
        guard run.add(refused, now: now) else { return }
        nextStart = max(now, lastStart) + run.gap
        if let pause, run.isProof(rate: rate, now: now) { stop(until: now + pause) }
        self.run = run
    }

    /// What is refused so soon after a cut is still the consequence of the rate before it: five requests, 0.1 to 1 s.
    private var cutInterval: Duration { .seconds(min(1, max(0.1, 5 / (rate ?? 50)))) }

    /// Slow rates need more time, for what counts is the number of requests.
    private static func scale(_ rate: Double) -> Double { max(1, 4 / rate) }

    private mutating func set(_ rate: Double, now: MonotonicTime) {
        // The next one was planned by the lower rate.
        nextStart = min(nextStart, max(now, lastStart + .seconds(1 / rate)))
        self.rate = min(rate, Self.highestRate)
    }
}
