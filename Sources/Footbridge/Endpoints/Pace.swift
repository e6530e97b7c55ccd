internal import Curl
internal import Glibc

/// How fast requests may start at an endpoint that asked for fewer (`Outcome.throttled`).
///
/// `Retry-After` holds everything back for as long as it says. Beside that a rate is learned:
///
/// 1. **Search.** At the first throttling it is what was accepted in the last second, 4/s at least. Acceptances raise it by
///    half, until the next throttling; then it goes back by that step and grows fast.
/// 2. **Hold.** A throttling lowers it by a twentieth, and it stays so for 5 s: longer at slow rates, where a refused
///    request is a larger share, and after a `Retry-After`, whose pause costs more. If the next throttling comes soon, the
///    limit is well below: between what was sustained since and what was tried.
/// 3. **Grow.** By 5 % a second for 4 s, then by half: without a limit the first doubling takes some 10 s. When it is far
///    above what is accepted for 10 s, there is no rate any more.
///
/// One throttled request among a hundred does not begin it: some receivers have limits for each of their customers.
/// `PaceTests` are a simulation of receivers with a token bucket, a fixed and a sliding window.
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
    private var throttledInARow = 0

    private enum Phase: Equatable {
        case searching
        case holding(until: MonotonicTime)
        case growing(since: MonotonicTime)
    }

    private static let firstRate = 4.0
    private static let lowestRate = 0.1
    private static let hold = Duration.seconds(5)
    private static let slowGrowth = Duration.seconds(4)
    private static let longestHold = Duration.seconds(120)
    /// A request that may start and is late does so beside the next: timers are coarse.
    private static let catchUp = Duration.milliseconds(10)
    /// Without a throttling for so long a rate that is far above what is accepted is none any more.
    private static let release = Duration.seconds(10)
    private static let cutInterval = Duration.milliseconds(100)
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
        acceptedSinceCut += 1
        throttledInARow = 0
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
        if let rate = self.rate, now - throttledAt >= Self.release,
            rate > 2 * (accepted.perSecond(over: .seconds(8), now: now) + 10)
        {
            self.rate = nil
        }
    }

    /// - Parameter pause: what `Retry-After` asks for, capped.
    /// - Returns: whether it begins to slow down.
    mutating func wasThrottled(_ attempt: Attempt, pause: Duration?, now: MonotonicTime) -> Bool {
        let wasFree = rate == nil && pausedUntil.map { $0 <= now } ?? true
        if let pause {
            let end = max(pausedUntil ?? now, now + pause)
            pausedUntil = end
            nextStart = max(nextStart, end)
        }
        defer { acceptedInARow = 0 }
        throttledInARow += 1
        throttledAt = now
        guard rate != nil || acceptedInARow < Self.forgivenAmong else { return wasFree && pause != nil }
        guard attempt.startedAt >= cutAt, now - cutAt >= Self.cutInterval else { return false }
        let lately = accepted.perSecond(over: .seconds(1), now: now)
        guard let rate else {
            phase = .searching
            self.rate = max(Self.firstRate, lately)
            nextStart = now + .seconds(1 / (self.rate ?? 1))
            cutAt = now
            return wasFree
        }
        cut(rate, lately, pause ?? .zero, attempt, now: now)
        return false
    }

    private mutating func cut(
        _ rate: Double, _ lately: Double, _ pause: Duration, _ attempt: Attempt, now: MonotonicTime
    ) {
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
                : (pause > .zero ? 0.97 : 0.95) * rate
            let hold = Duration.seconds(Self.hold.seconds * Self.scale(rate))
            phase = .holding(until: now + max(hold, min(pause * 40, Self.longestHold)))
        }
        // A limit per second or minute is used up now; that is no reason to be slower than it.
        let floor = min(rate, 0.95 * lately)
        self.rate = max(lower, floor, Self.lowestRate)
        cutAt = now
        acceptedSinceCut = 0
        // Nothing has been heard of the limit for long: it is searched anew.
        if accepted.perSecond(over: .seconds(8), now: now) == 0 { phase = .searching }
        // What was refused has used nothing up.
        if throttledInARow == 1, pause == .zero, attempt.startedAt == lastStart {
            nextStart = max(now, min(nextStart, lastStart + .seconds(0.3 / rate)))
        }
    }

    /// Slow rates need more time, for what counts is the number of requests.
    private static func scale(_ rate: Double) -> Double { max(1, 4 / rate) }

    private mutating func set(_ rate: Double, now: MonotonicTime) {
        // The next one was planned by the lower rate.
        nextStart = min(nextStart, max(now, lastStart + .seconds(1 / rate)))
        self.rate = min(rate, Self.highestRate)
    }
}

/// What happened in the last eight seconds, counted in quarters of a second.
struct RecentCount {
    private var counts = [Int](repeating: 0, count: 32)
    private var latest: Int64 = .min
    private var first: Int64 = .min

    private static let step = Duration.milliseconds(250)

    mutating func add(at now: MonotonicTime) {
        let place = now.nanoseconds / Self.step.wholeNanoseconds
        if place > latest {
            if first == .min { first = place }
            for missed in max(latest + 1, place - 31)...place where latest != .min { counts[Int(missed & 31)] = 0 }
            latest = place
        }
        counts[Int(place & 31)] += 1
    }

    /// Of so much time, or of what has passed since the first.
    func perSecond(over duration: Duration, now: MonotonicTime) -> Double {
        let place = now.nanoseconds / Self.step.wholeNanoseconds
        guard latest != .min else { return 0 }
        let wanted = max(1, min(32, duration.wholeNanoseconds / Self.step.wholeNanoseconds))
        var sum = 0
        for index in max(place - wanted, first, latest - 31, 0)...max(latest, 0) where index > place - wanted {
            sum += counts[Int(index & 31)]
        }
        let passed = min(wanted, max(4, place - first + 1))
        return Double(sum) * 4 / Double(passed)
    }
}

extension Duration {
    /// As a number, for rates.
    var seconds: Double { Double(wholeNanoseconds) / 1e9 }
}
