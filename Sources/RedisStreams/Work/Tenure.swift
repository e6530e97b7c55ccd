package import FootbridgeCurl

/// Whether what this consumer read is certain to be its own still.
///
/// Others take a consumer for dead that was silent for `claim_after`, and nobody tells it: its process was stopped for a
/// while, or its Redis was away. So it counts the time since the last sign of life that Redis confirmed, from the moment
/// when that was *sent*. After half of `claim_after` nothing is sent to receivers until Redis confirms another one.
package struct Tenure {
    private enum Doubt {
        case none
        /// Entries may have been taken.
        case open
        /// Redis is being asked which.
        case asking
    }

    private let claimAfter: Duration
    /// When the last confirmed sign of life was sent.
    private var provenAt: MonotonicTime?
    private var doubt = Doubt.none
    /// The latest; an answer to an earlier one may be older than what raised the doubt.
    private var verification = 0

    package init(claimAfter: Duration) { self.claimAfter = claimAfter }

    package func isCertain(at now: MonotonicTime) -> Bool {
        guard let provenAt, doubt == .none else { return false }
        return now - provenAt < claimAfter / 2
    }

    /// Whether others may have taken entries: Redis has not confirmed a sign of life for `claim_after`, or had not before the
    /// last one and has not told since what is left.
    package func mayBeLost(at now: MonotonicTime) -> Bool {
        guard let provenAt else { return false }
        return doubt != .none || now - provenAt >= claimAfter
    }

    /// Notes a sign of life that Redis has confirmed.
    ///
    /// Redis may have seen nothing of us for `claim_after` before it, so that others may have taken entries: between two
    /// signs it saw nothing for as long as from sending the first to the answer to the second, at most.
    ///
    /// - Returns: whether Redis is to be asked which entries are left.
    package mutating func confirm(sentAt: MonotonicTime, answeredAt: MonotonicTime) -> Bool {
        if let provenAt, answeredAt - provenAt >= claimAfter { doubt = .open }
        provenAt = max(provenAt ?? sentAt, sentAt)
        return doubt == .open
    }

    /// Redis is being asked which entries are left; gives the number for `endVerification`.
    package mutating func beginVerification() -> Int {
        doubt = .asking
        verification += 1
        return verification
    }

    /// - Parameter answered: whether Redis has told; otherwise it is asked again after the next sign of life.
    package mutating func endVerification(_ number: Int, answered: Bool) {
        guard doubt == .asking, number == verification else { return }
        doubt = answered ? .none : .open
    }
}
