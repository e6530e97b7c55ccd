internal import FootbridgeWebhooks
internal import RedisStreams

/// What happens to an entry after an attempt. Pure: the table of `docs/delivery.md`, and `VerdictTests` its proof.
enum Verdict: Equatable {
    case settle
    /// At once, on a fresh connection, as an attempt of its own.
    case repeatNow
    /// - Parameter counts: whether the attempt counts as one of `retry.attempts`. After zero: as soon as the endpoint lets it.
    case retry(after: Duration, counts: Bool)
    case deadLetter(DeadLetterReason)
    /// Refused twice within a moment, and it has not shown yet whether the endpoint takes others: dead-lettered as soon as it
    /// accepts one, tried again if it goes down or if nothing shows for so long.
    case judgeLater(DeadLetterReason, within: Duration)
    /// We lack something ourselves: the worker waits a moment, the entry stays as it was.
    case pauseWorker
}

extension Verdict {
    /// What people are told of it.
    ///
    /// - Parameters:
    ///   - isHeldUp: the endpoint gets nothing but probes.
    ///   - onDead: what happens instead of a dead letter.
    func then(isHeldUp: Bool, onDead: OnDead) -> AttemptRecord.Then {
        switch self {
        case .settle: .settled
        case .repeatNow: .retry(after: .zero)
        case .retry(let delay, _): .retry(after: isHeldUp ? nil : delay)
        case .deadLetter: onDead == .hold ? .retry(after: nil) : .dead
        case .judgeLater: .undecided
        case .pauseWorker: .retry(after: nil)
        }
    }

    /// - Parameters:
    ///   - usedConnection: the answer, or the failure, came over a connection that had carried other requests.
    ///   - attempt: counted from 1, with this one.
    ///   - mark: as the entry remembered it *before* this attempt.
    ///   - standing: after it noted the outcome.
    ///   - age: of the entry, for `max_age`; `nil`: unknown, and nothing expires.
    ///   - now: milliseconds since 1970, for a `Retry-After` that is a date.
    static func of(
        _ outcome: Outcome, usedConnection: Bool, attempt: Int, mark: RefusalMark, standing: Standing,
        policy: RetryPolicy, id: EntryID, age: Duration?, now: Int64
    ) -> Verdict {
        // One request per probe: nothing is repeated while the endpoint is down.
        if usedConnection, outcome.mayComeFromLeftovers, !standing.isDown { return .repeatNow }
        let failure = Failure(outcome, attempt, mark, standing, policy, id)
        let verdict: Verdict
        switch outcome {
        case .delivered: return .settle
        case .ownLack: return .pauseWorker
        case .throttled(_, let retryAfter):
            let asked = min(retryAfter?.wait(now: now) ?? .zero, policy.maximumRetryAfter)
            verdict = .retry(after: max(asked, failure.shortWait), counts: false)
        case .messageRefused:
            if !mark.isMessageRefused, !standing.isDown { return .repeatNow }
            if failure.isEntrysOwn { return .deadLetter(.rejected(outcome)) }
            if attempt == 2, !standing.isDown {
                return .judgeLater(.rejected(outcome), within: policy.delay(afterAttempt: attempt, of: id))
            }
            verdict = failure.wait
        case .routeRefused, .outage:
            let isLast = attempt >= policy.attempts
            verdict = isLast && failure.isEntrysOwn ? .deadLetter(.exhausted(outcome)) : failure.wait
        }
        if case .retry(let wait, _) = verdict, let age, let limit = policy.maximumAge, age + wait > limit {
            return .deadLetter(.expired(outcome))
        }
        return verdict
    }
}

/// A refusal or an outage, and what is known of it.
private struct Failure {
    let outcome: Outcome
    let attempt: Int
    let mark: RefusalMark
    let standing: Standing
    let policy: RetryPolicy
    let id: EntryID

    init(
        _ outcome: Outcome, _ attempt: Int, _ mark: RefusalMark, _ standing: Standing, _ policy: RetryPolicy,
        _ id: EntryID
    ) {
        (self.outcome, self.attempt, self.mark) = (outcome, attempt, mark)
        (self.standing, self.policy, self.id) = (standing, policy, id)
    }

    /// The endpoint is well for others, and accepted one after this entry had failed; or nobody asks.
    var isEntrysOwn: Bool {
        if policy.giveUp == .always { return true }
        guard standing.state == .well else { return false }
        // A message that was refused twice within one moment needs the stricter proof.
        if case .messageRefused = outcome, attempt < 3 { return standing.acceptedOthers(since: mark) }
        return standing.acceptedOthers(since: mark, butNobodyElseThan: id)
    }

    var wait: Verdict {
        let counts = attempt < policy.attempts
        if policy.giveUp == .always { return .retry(after: policy.delay(afterAttempt: attempt, of: id), counts: true) }
        return switch standing.state {
        // Until the endpoint opens; a probe that fails costs nothing.
        case .down: .retry(after: .zero, counts: false)
        // What is not proven yet will be soon.
        case .well: .retry(after: policy.delay(afterAttempt: attempt, of: id), counts: counts)
        case .doubtful:
            .retry(
                after: counts
                    ? policy.delay(afterAttempt: attempt, of: id) : policy.longestDelay(attempt: attempt, of: id),
                counts: counts)
        }
    }

    /// The pace of a throttled endpoint decides when it goes on; a single entry only must not circle.
    var shortWait: Duration { min(policy.delay(afterAttempt: 1, of: id), .seconds(1)) }
}
