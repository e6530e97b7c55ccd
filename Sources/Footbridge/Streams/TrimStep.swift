internal import FootbridgeCurl
package import RedisStreams

/// One portion of a trim, and what stands in the way of more.
package struct TrimStep: Sendable, Equatable {
    package var removed: Int
    /// Entries that the stream had before.
    package var length: Int
    /// The highest id that the stream ever had.
    package var lastID: EntryID
    /// The first entry that a group still needs, or would get next.
    package var floor: EntryID?
    /// The group that needs it: the slowest.
    package var slowest: String?
    /// What that group has pending; 0 if it just has not read on.
    package var pending: Int
    /// There may be more to remove at once.
    package var hasMore: Bool
    /// What is older than this was wanted to go; `nil` where entries are counted.
    package var wanted: EntryID?
    /// How far a trim has come that leaves pending entries where they are.
    package var reached: EntryID?
    /// All groups, slowest or not.
    package var groups: Int
    /// This group is not there, so nothing was removed: what it would need is not known.
    package var missing: String?

    /// What is older than this may go, as far as it is not kept by its number.
    package var bound: EntryID? { floor.map { min($0, wanted ?? $0) } }

    /// More was wanted to go than groups let go.
    package var isHeld: Bool { floor.map { wanted ?? .maximum > $0 } ?? false }

    /// So many are more than is to be kept.
    package func excess(over target: TrimTarget) -> Int {
        if case .keep(.entries(let kept)) = target { max(0, length - kept) } else { length }
    }
}

/// How much of a stream is to stay.
package enum TrimTarget: Sendable, Equatable {
    case keep(TrimConfig.Keep)
    case from(EntryID)

    var words: (form: String, value: String) {
        switch self {
        case .keep(.entries(let count)): ("count", "\(count)")
        case .keep(.age(let age)): ("age", "\(age.wholeMilliseconds)")
        case .from(let id): ("from", "\(id)")
        }
    }
}
