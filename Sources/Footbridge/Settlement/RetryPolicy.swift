public import RedisStreams

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
    public var giveUp: GiveUp

    /// When an entry may be dead-lettered for what a receiver does.
    public enum GiveUp: String, Sendable, CaseIterable {
        /// Only if the endpoint accepts others.
        case whenOthersPass = "when_others_pass"
        /// After its last attempt, whatever the endpoint does with others.
        case always
    }

    public init(
        attempts: Int = 12, backoff: Backoff = Backoff(), schedule: [Duration] = [], maximumAge: Duration? = nil,
        maximumRetryAfter: Duration = .seconds(3600), giveUp: GiveUp = .whenOthersPass
    ) {
        self.attempts = attempts
        self.backoff = backoff
        self.schedule = schedule
        self.maximumAge = maximumAge
        self.maximumRetryAfter = maximumRetryAfter
        self.giveUp = giveUp
    }

    /// The wait after the given attempt, counted from 1, has failed. The same on every instance.
    public func delay(afterAttempt attempt: Int, of id: EntryID) -> Duration {
        guard let last = schedule.last else { return backoff.delay(afterAttempt: attempt, of: id) }
        let wait = attempt <= schedule.count ? schedule[max(1, attempt) - 1] : last
        return backoff.jittered(wait, attempt: attempt, of: id)
    }

    /// The same, not moved by the jitter.
    public var longestDelay: Duration { schedule.last ?? backoff.maximum }

    /// The wait of an entry whose attempts are spent and that cannot be given up yet.
    func longestDelay(attempt: Int, of id: EntryID) -> Duration {
        backoff.jittered(longestDelay, attempt: attempt, of: id)
    }

    /// What to do with an entry that was begun `attempts` times by an instance that is gone.
    ///
    /// The last attempt may have been under way. An entry whose attempts are spent may be waiting for its endpoint, so it has
    /// one more; begun once more than that and not settled, it may be what kills the process, and ends.
    func resumption(deliveryCount: Int, idle: Duration, id: EntryID) -> Verdict {
        switch Resumption.of(
            deliveryCount: deliveryCount, idle: idle, attempts: attempts,
            delay: { delay(afterAttempt: $0, of: id) })
        {
        case .due(let wait): .retry(after: wait, counts: true)
        case .spent: .deadLetter(.exhausted(nil))
        }
    }
}
