internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import RedisStreams

/// One place to which requests go: its standing, its pace, and who waits for it. Belongs to the worker's loop; routes with
/// the same URL, queries left out, share it.
///
/// For each request: `allowance` says how many may start, `didStart` takes one of them and gives an `Attempt`, `didFinish`
/// or `didCancel` takes that back. Only a repeat (`Verdict.repeatNow`) starts without asking.
final class Endpoint {
    /// As logs may show it.
    let name: String
    private(set) var standing: Standing
    private(set) var pace = Pace()
    /// `concurrency: auto`; `nil`: each route has a limit of its own.
    private(set) var limit: AdaptiveLimit?
    /// What people have set.
    var rate: SharedRate?
    /// What the receiver has said that it takes.
    private var allowed: TokenBucket?
    /// Why a rate that instances share gives no tokens.
    var rateTrouble: String?
    /// Called when Redis has answered a request for tokens of such a rate, or has failed to; without it the worker tells the routes.
    var onTokens: (() -> Void)?
    private(set) var inFlight = 0
    /// When it last accepted something: milliseconds since 1970. For people, as is what follows.
    var acceptedAt: Int64?
    var failure: EndpointFailure?

    private var isProbing = false
    private var lastProbe: EntryID?
    /// After it was down: requests that may be in flight. 1, 2, 4 … as they are accepted; `nil`: any number.
    private var opening: Int?
    private var waiters: [() -> Void] = []

    /// More in flight than this and it counts as open.
    private static let openWidth = 1024

    init(name: String, rate: SharedRate? = nil) {
        self.name = name
        self.rate = rate
        standing = Standing(salt: name.utf8.reduce(0) { SplitMix.mixed($0 ^ UInt64($1)) })
    }

    /// A route wants the requests in flight to be limited by what the endpoint shows; of several maxima the lowest counts.
    func adapt(upTo maximum: Int) { setMaximum(min(maximum, limit?.maximum ?? maximum)) }

    /// The lowest of all maxima; `nil` if no route wants it. What was learnt is kept while that stays the same.
    func setMaximum(_ maximum: Int?) {
        if maximum != limit?.maximum { limit = maximum.map { AdaptiveLimit(maximum: $0) } }
    }

    /// - Parameter rate: of requests that the receiver takes; `nil`: any.
    func allow(perSecond rate: Double?) { allowed = rate.map { TokenBucket(RateLimit(perSecond: $0)) } }

    /// Further requests that may be in flight, whatever the pace.
    private var width: Int {
        guard opening != nil || limit != nil else { return .max }
        return max(0, min(opening ?? .max, limit?.value ?? .max) - inFlight)
    }

    /// Somebody has to end before another may start: `whenOpen` tells.
    var isFull: Bool { width == 0 && !standing.isDown }

    /// How many requests may start now, beside those in flight.
    func allowance(now: MonotonicTime) -> Int {
        if case .down(let down) = standing.state {
            return now >= down.nextProbe && !isProbing ? min(1, rate?.allowance(now: now) ?? 1) : 0
        }
        return min(
            width, pace.allowance(now: now), rate?.allowance(now: now) ?? .max, allowed?.allowance(now: now) ?? .max)
    }

    /// What to fetch from a bucket that all instances share, if it is time to.
    ///
    /// - Parameter demand: requests that could start, as far as the route goes.
    func tokensToFetch(_ demand: Int, now: MonotonicTime) -> TokenLots.Call? {
        guard let rate else { return nil }
        if case .down(let down) = standing.state {
            return rate.ask(for: now >= down.nextProbe && !isProbing ? min(1, demand) : 0, now: now)
        }
        return rate.ask(for: min(demand, width, pace.allowance(now: now)), now: now)
    }

    /// When `allowance` grows by time alone; `nil`: it does not, or has grown.
    func nextChange(now: MonotonicTime) -> MonotonicTime? {
        let free = rate?.nextChange(now: now)
        if case .down(let down) = standing.state {
            if isProbing { return nil }
            return down.nextProbe <= now ? free : free.map { max($0, down.nextProbe) } ?? down.nextProbe
        }
        if width == 0 { return nil }
        return [free, pace.nextChange(now: now), allowed?.nextChange(now: now)].compactMap(\.self).max()
    }

    /// Whether this entry may be the next probe: not the one that was the last, if there is another.
    ///
    /// Choose one that never failed, if there is one: what is refused itself shows nothing.
    func mayProbe(with entry: EntryID) -> Bool { entry != lastProbe }

    /// - Parameter mark: as the entry remembers it.
    func didStart(_ entry: EntryID, mark: RefusalMark = .none, now: MonotonicTime) -> Attempt {
        let isProbe = standing.isDown && !isProbing
        if isProbe {
            isProbing = true
            lastProbe = entry
        }
        inFlight += 1
        limit?.didStart(inFlight: inFlight)
        pace.didStart(now: now)
        rate?.take(now: now)
        allowed?.take(now: now)
        return Attempt(entry: entry, mark: mark, generation: standing.didStart(), startedAt: now, isProbe: isProbe)
    }

    /// - Parameters:
    ///   - usedConnection: the request went over a connection that had carried others.
    ///   - wall: milliseconds since 1970.
    ///   - maximumRetryAfter: the longest pause that the receiver may ask for.
    /// - Returns: what people want to know.
    func didFinish(
        _ attempt: Attempt, _ outcome: Outcome, usedConnection: Bool = false,
        maximumRetryAfter: Duration = .seconds(3600), now: MonotonicTime, wall: Int64
    ) -> Standing.Change? {
        end(attempt)
        var pause: Duration?
        if case .throttled(_, let retryAfter?) = outcome {
            let asked = min(retryAfter.wait(now: wall), maximumRetryAfter)
            pause = asked > .zero ? asked : nil
        }
        let wasDown = standing.isDown
        var change = standing.note(
            outcome, of: attempt, usedConnection: usedConnection, pause: pause, now: now, wall: wall)
        switch outcome {
        case .delivered:
            if wasDown, !standing.isDown { opening = 1 }
            if let width = opening, !wasDown { opening = width >= Self.openWidth ? nil : width + 1 }
            pace.wasAccepted(attempt, now: now)
            limit?.wasAccepted(attempt, now: now)
        case .throttled:
            if pace.wasThrottled(attempt, pause: pause, now: now), change == nil { change = .slowsDown(outcome) }
            limit?.wasTooMuch(attempt, rate: pace.rate, now: now)
        case .outage(.timedOut), .outage(.status(408)), .outage(.status(504)):
            limit?.wasTooMuch(attempt, rate: nil, now: now)
        default: break
        }
        if standing.isDown { opening = nil }
        wakeWaiters(now)
        return change
    }

    /// The request was not made, or nobody will know how it ended.
    func didCancel(_ attempt: Attempt, now: MonotonicTime) {
        end(attempt)
        wakeWaiters(now)
    }

    /// Something shows from elsewhere that it may be back: the next probe need not wait.
    func mayBeBack(now: MonotonicTime) { standing.mayBeBack(now: now) }

    /// Calls back once, when requests may start again because one has ended. What time alone opens is `nextChange`.
    func whenOpen(_ wake: @escaping () -> Void) { waiters.append(wake) }

    private func end(_ attempt: Attempt) {
        inFlight -= 1
        if attempt.isProbe { isProbing = false }
    }

    private func wakeWaiters(_ now: MonotonicTime) {
        // Who is woken finds out when the pace lets it start.
        guard !waiters.isEmpty, standing.isDown ? allowance(now: now) > 0 : width > 0 else { return }
        let woken = waiters
        waiters = []
        for wake in woken { wake() }
    }
}
