/// Why `add(contentsOf:)` did not add all entries, and what became of each.
public struct AddFailure: Error, Sendable {
    /// What became of an entry.
    public enum Outcome: Sendable, Hashable {
        case added(EntryID)
        /// It is not in the stream: it was not sent, or the server refused it.
        case notAdded
        /// It was sent, and no reply came: it may be in the stream.
        case uncertain
    }

    /// What the sequence threw; if it did not, the first `Redis.Failure` (`cancelled` if the task was cancelled).
    public let cause: any Error
    /// One for each entry that was taken from the sequence, in the same order. The rest of the sequence was not looked at.
    public let outcomes: [Outcome]

    /// For tests of your own code; normally the client makes these.
    public init(cause: any Error, outcomes: [Outcome]) {
        self.cause = cause
        self.outcomes = outcomes
    }

    /// The cause, if it is a failure of Redis.
    public var failure: Redis.Failure? { cause as? Redis.Failure }

    /// The ids of what was added, in the order of the entries.
    public var added: [EntryID] {
        outcomes.compactMap { if case .added(let id) = $0 { id } else { nil } }
    }

    /// How many more may have been added.
    public var uncertain: Int { outcomes.count { $0 == .uncertain } }
}

extension AddFailure: CustomStringConvertible {
    /// For people: `200 entries were added, 100 may have been: XADD: the connection was lost …`.
    public var description: String {
        let doubt = uncertain == 0 ? "" : ", \(uncertain) may have been"
        return "\(added.count) entries were added\(doubt): \(cause)"
    }
}
