public import RedisStreams
public import Webhooks

/// What happens to an entry after an attempt. Pure: clock and randomness are parameters.
public struct RetryPolicy: Sendable, Equatable {
    /// Attempts in all, the first one included; then the entry is dead-lettered.
    public var attempts: Int
    public var backoff: Backoff
    /// The waits one by one, in place of the backoff's; the last one repeats. Empty: as `backoff` says.
    public var schedule: [Duration]
    /// An entry that is older when its next attempt would be due is dead-lettered instead; by the time in its id.
    public var maximumAge: Duration?
    /// The longest wait that a receiver can ask for with `Retry-After`.
    public var maximumRetryAfter: Duration

    public init(
        attempts: Int = 12, backoff: Backoff = Backoff(), schedule: [Duration] = [], maximumAge: Duration? = nil,
        maximumRetryAfter: Duration = .seconds(3600)
    ) {
        self.attempts = attempts
        self.backoff = backoff
        self.schedule = schedule
        self.maximumAge = maximumAge
        self.maximumRetryAfter = maximumRetryAfter
    }

    /// The wait after the given attempt, counted from 1, has failed. The same on every instance.
    public func delay(afterAttempt attempt: Int, of id: EntryID) -> Duration {
        guard let last = schedule.last else { return backoff.delay(afterAttempt: attempt, of: id) }
        let wait = attempt <= schedule.count ? schedule[max(1, attempt) - 1] : last
        return backoff.jittered(wait, attempt: attempt, of: id)
    }

    /// Decides from the outcome of the given attempt, counted from 1.
    ///
    /// - Parameter now: milliseconds since 1970, for a `Retry-After` that is a date.
    public func settlement(of outcome: Outcome, attempt: Int, id: EntryID, now: Int64) -> Settlement {
        switch outcome {
        case .delivered: return .acknowledge
        case .poison: return .deadLetter(.rejected(outcome))
        case .misconfigured, .gone: return .hold(outcome)
        case .outage(let failure):
            guard attempt < attempts else { return .deadLetter(.exhausted(outcome)) }
            var delay = delay(afterAttempt: attempt, of: id)
            if case .status(let status, .some(let retryAfter)) = failure, status == 429 || status == 503 {
                // The receiver may ask for more patience than the schedule has, but not for ever.
                delay = max(delay, min(retryAfter.wait(now: now), maximumRetryAfter))
            }
            if let maximumAge, age(of: id, now: now) + delay > maximumAge { return .deadLetter(.expired(outcome)) }
            return .retry(after: delay)
        }
    }

    /// What to do with an entry that was begun `attempts` times by an instance that is gone.
    ///
    /// The last attempt may have been under way: it counts, or an entry that kills the process would never end.
    public func resumption(deliveryCount: Int, idle: Duration, id: EntryID) -> Settlement {
        // 0: it was read and handed back unsent.
        guard deliveryCount > 0 else { return .retry(after: .zero) }
        guard deliveryCount < attempts else { return .deadLetter(.exhausted(nil)) }
        return .retry(after: max(.zero, delay(afterAttempt: deliveryCount, of: id) - idle))
    }

    private func age(of id: EntryID, now: Int64) -> Duration {
        .milliseconds(max(0, now.subtractingReportingOverflow(Int64(clamping: id.milliseconds)).partialValue))
    }
}

/// How an attempt ends for the entry.
public enum Settlement: Sendable, Equatable {
    case acknowledge
    case retry(after: Duration)
    case deadLetter(DeadLetterReason)
    /// The route is at fault: the attempt does not count, the entry stays, the route waits.
    case hold(Outcome)
}

/// Why an entry is in the dead-letter stream.
public enum DeadLetterReason: Sendable, Equatable {
    /// The receiver said that this message is wrong.
    case rejected(Outcome)
    /// All attempts failed; the outcome of the last one, if it is known.
    case exhausted(Outcome?)
    /// `max_age` would be over before the next attempt; the outcome of the last one.
    case expired(Outcome)
    /// No request can be made from the entry.
    case malformed(String)
    /// The entry was trimmed or deleted from its stream while it was pending.
    case trimmed

    /// The `reason` field of the dead letter.
    public var text: String {
        switch self {
        case .rejected(let outcome): "rejected: \(outcome.reason)"
        case .exhausted(let outcome): "exhausted: \(outcome?.reason ?? "instance_lost")"
        case .expired(let outcome): "expired: \(outcome.reason)"
        case .malformed(let why): "malformed: \(why)"
        case .trimmed: "trimmed"
        }
    }

    public var status: Int? {
        switch self {
        case .rejected(let outcome), .expired(let outcome): outcome.status
        case .exhausted(let outcome): outcome?.status
        case .malformed, .trimmed: nil
        }
    }
}
