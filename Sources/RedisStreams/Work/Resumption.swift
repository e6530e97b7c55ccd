/// What to do with an entry that was begun by a process that is gone.
package enum Resumption: Equatable, Sendable {
    /// It is due after this wait.
    case due(after: Duration)
    /// It was begun once more than it had attempts: it may be what kills the process.
    case spent

    /// The last attempt may have been under way. An entry whose attempts are spent has one more; begun once more than that and
    /// not settled, it ends.
    ///
    /// - Parameters:
    ///   - deliveryCount: attempts that were begun.
    ///   - idle: since the last of them.
    ///   - attempts: that it has in all; `nil` for any number.
    ///   - delay: the wait after an attempt, counted from 1.
    package static func of(
        deliveryCount: Int, idle: Duration, attempts: Int?, delay: (_ afterAttempt: Int) -> Duration
    ) -> Resumption {
        // 0: it was read and handed back unsent.
        guard deliveryCount > 0 else { return .due(after: .zero) }
        guard attempts.map({ deliveryCount <= $0 }) ?? true else { return .spent }
        return .due(after: max(.zero, delay(deliveryCount) - idle))
    }
}
