internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import RedisStreams

/// Whose fault is a failure? What an endpoint did with *other* entries tells.
///
/// **Evidence.** A failure counts against the endpoint once per entry, and until the endpoint accepts something: one entry
/// that fails for hours is one failure. An entry that failed before, and since when others were accepted, is suspect itself;
/// its failures count against nobody else, unless no request was made (`Outcome.precedesRequest`).
///
/// **Down** is an endpoint after a run of different entries without an acceptance between: 5 refusals, 15 if it accepted
/// something within 10 s, or 30 outages. A receiver that fails at random every other time has such a run once in 2³¹ requests;
/// one that fails 19 of 20 times has it after some 70. What no entry can cause and only people can mend (a certificate, no
/// TLS, an unknown name) needs one.
struct Standing {
    enum State: Equatable {
        /// It accepted something lately, or nobody else failed since.
        case well
        /// Nothing was accepted yet, or failures began.
        case doubtful
        /// Nothing but probes is sent.
        case down(Down)
    }

    /// What people want to know.
    enum Change: Equatable {
        /// Three failures in a row, over more than a second, without an acceptance.
        case fails(Outcome)
        case wentDown(Down)
        case reasonChanged(Down)
        /// It wants fewer requests: told when it begins.
        case slowsDown(Outcome)
        /// It accepts again after one of the above but the last; for so long it did not.
        case isBack(after: Duration)
    }

    private(set) var state = State.doubtful
    private(set) var lastAcceptedAt: MonotonicTime?

    /// Different entries that failed since the last acceptance and are not suspect.
    private var failing: [EntryID] = []
    private var weight = 0
    /// All failures since then, and when the first was.
    private var failuresInARow = 0
    private(set) var failingSince: MonotonicTime?
    private var isTold = false
    /// What went wrong last.
    private(set) var lastFailure: Outcome?

    private var generation = Generation.first
    /// Something failed in this generation.
    private var isGenerationOver = false
    /// Of the latest request that was accepted: when it ended and when it started.
    private var acceptedIn: Generation?
    private var acceptedOf: Generation?
    /// Tells the jitter of one endpoint from another's.
    private let salt: UInt64

    init(salt: UInt64 = 0) { self.salt = salt }

    private static let downWeight = 30
    private static let lately = Duration.seconds(10)

    var isDown: Bool { if case .down = state { true } else { false } }
    /// People were told that it fails, it is not down, and nothing was accepted since.
    var isFailing: Bool { isTold && !isDown }

    /// The generation of a request that starts now.
    mutating func didStart() -> Generation {
        beginGeneration()
        return generation
    }

    /// What an entry has to remember after this outcome.
    func mark(_ mark: RefusalMark, after outcome: Outcome) -> RefusalMark {
        var isRefused = mark.isMessageRefused
        switch outcome {
        case .delivered, .throttled, .ownLack: return mark
        case .messageRefused: isRefused = true
        case .routeRefused, .outage: break
        }
        return RefusalMark(generation: mark.generation ?? generation, isMessageRefused: isRefused)
    }

    /// Another entry was accepted whose request *started* after that failure: the endpoint was well in between. What was on
    /// its way already, when a receiver began to refuse everything, does not prove it.
    func acceptedOthers(since mark: RefusalMark) -> Bool {
        guard let failed = mark.generation, let acceptedOf else { return false }
        return acceptedOf.isAfter(failed)
    }

    /// The same, or another entry that was on its way was accepted after that failure, and nobody else has failed since.
    /// Enough for an entry that has waited in between: if the receiver had begun to refuse everything, it would show by now.
    func acceptedOthers(since mark: RefusalMark, butNobodyElseThan entry: EntryID) -> Bool {
        if acceptedOthers(since: mark) { return true }
        guard let failed = mark.generation, let acceptedIn else { return false }
        return acceptedIn.isAfter(failed) && failing.allSatisfy { $0 == entry }
    }

    /// - Parameters:
    ///   - usedConnection: the request went over a connection that had carried others.
    ///   - pause: what `Retry-After` asks for, capped.
    ///   - wall: milliseconds since 1970.
    mutating func note(
        _ outcome: Outcome, of attempt: Attempt, usedConnection: Bool = false, pause: Duration? = nil,
        now: MonotonicTime, wall: Int64
    ) -> Change? {
        switch outcome {
        case .delivered: return accepted(attempt, now: now)
        case .ownLack:
            if attempt.isProbe { probeToldNothing(now: now, after: .seconds(1)) }
            return nil
        case .throttled:
            // It is there and it is well, as far as it says; but it took nothing.
            return attempt.isProbe ? probeFailed(outcome, pause: pause, now: now) : nil
        case .messageRefused, .routeRefused, .outage:
            isGenerationOver = true
            lastFailure = outcome
            // It is tried again on a fresh connection, and counts then.
            if usedConnection, outcome.mayComeFromLeftovers {
                if attempt.isProbe { probeToldNothing(now: now, after: .zero) }
                return nil
            }
            if isDown { return attempt.isProbe ? probeFailed(outcome, pause: pause, now: now) : nil }
            return failed(outcome, of: attempt, now: now, wall: wall)
        }
    }

    // MARK: - Accepted

    private mutating func accepted(_ attempt: Attempt, now: MonotonicTime) -> Change? {
        beginGeneration()
        acceptedIn = generation
        if acceptedOf.map({ attempt.generation.isAfter($0) }) ?? true { acceptedOf = attempt.generation }
        lastAcceptedAt = now
        // What was on its way when it went down says nothing of now.
        if isDown, !attempt.isProbe { return nil }
        defer {
            failing.removeAll(keepingCapacity: true)
            (weight, failuresInARow, failingSince, isTold) = (0, 0, nil, false)
            state = .well
        }
        return isTold ? .isBack(after: failingSince.map { now - $0 } ?? .zero) : nil
    }

    private mutating func beginGeneration() {
        guard isGenerationOver else { return }
        isGenerationOver = false
        generation = generation.next
    }

    // MARK: - Failed

    private mutating func failed(
        _ outcome: Outcome, of attempt: Attempt, now: MonotonicTime, wall: Int64
    ) -> Change? {
        failuresInARow += 1
        if failingSince == nil { failingSince = now }
        let isLate = lastAcceptedAt.map { now - $0 > Self.lately } ?? true
        if outcome.precedesRequest || !acceptedOthers(since: attempt.mark), !failing.contains(attempt.entry) {
            failing.append(attempt.entry)
            weight += Self.weight(of: outcome, acceptsLately: !isLate)
        }
        if weight >= Self.downWeight || outcome.isForPeople {
            let down = Down(outcome, now: now, wall: wall, salt: salt)
            state = .down(down)
            isTold = true
            return .wentDown(down)
        }
        state = isLate && !failing.isEmpty || weight >= Self.downWeight / 2 || lastAcceptedAt == nil ? .doubtful : .well
        // It may be about to count as down, which is told in its place.
        guard !isTold, failuresInARow >= 3, let failingSince, now - failingSince >= .seconds(1),
            lastAcceptedAt.map({ now - $0 >= .seconds(1) }) ?? true
        else { return nil }
        isTold = true
        return .fails(outcome)
    }

    private static func weight(of outcome: Outcome, acceptsLately: Bool) -> Int {
        if case .outage = outcome { return 1 }
        return acceptsLately ? 2 : 6
    }

    // MARK: - Probes

    private mutating func probeFailed(_ outcome: Outcome, pause: Duration?, now: MonotonicTime) -> Change? {
        guard case .down(var down) = state else { return nil }
        let before = down.reason
        down.probeFailed(outcome, pause: pause, now: now)
        state = .down(down)
        return before.reason == outcome.reason ? nil : .reasonChanged(down)
    }

    mutating func mayBeBack(now: MonotonicTime) { probeToldNothing(now: now, after: .zero) }

    private mutating func probeToldNothing(now: MonotonicTime, after wait: Duration) {
        guard case .down(var down) = state else { return }
        down.probeToldNothing(now: now, after: wait)
        state = .down(down)
    }
}

extension Outcome {
    /// No entry can cause it, and it does not pass by itself.
    fileprivate var isForPeople: Bool {
        switch self {
        case .routeRefused(.status): false
        case .routeRefused: true
        default: false
        }
    }
}
