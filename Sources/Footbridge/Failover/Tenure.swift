internal import Curl

/// Whether what this consumer read is certain to be its own still.
///
/// Others take a consumer for dead that was silent for `claim_after`, and nobody tells it: its process was stopped for a
/// while, or its Redis was away. So it counts the time since the last sign of life that Redis confirmed, from the moment
/// when that was *sent*. After half of `claim_after` nothing is sent to receivers until Redis confirms another one.
struct Tenure {
    private let claimAfter: Duration
    /// When the last confirmed sign of life was sent.
    private var provenAt: MonotonicTime?
    /// Entries may have been taken, and Redis is being asked which.
    var isBeingVerified = false

    init(claimAfter: Duration) { self.claimAfter = claimAfter }

    func isCertain(at now: MonotonicTime) -> Bool {
        guard let provenAt, !isBeingVerified else { return false }
        return now - provenAt < claimAfter / 2
    }

    /// Notes a sign of life that Redis has confirmed.
    ///
    /// - Returns: whether Redis may have seen nothing of us for `claim_after` before it, so that others may have taken
    ///   entries. Between two signs it saw nothing for as long as from sending the first to the answer to the second, at most.
    mutating func confirm(sentAt: MonotonicTime, answeredAt: MonotonicTime) -> Bool {
        let before = provenAt
        provenAt = max(before ?? sentAt, sentAt)
        guard let before else { return false }
        return answeredAt - before >= claimAfter
    }
}
