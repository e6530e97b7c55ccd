import Synchronization

/// What the producers know of each entry, by its number.
final class EntryBook: Sendable {
    enum Outcome: UInt8, Sendable {
        case notSent
        /// Redis confirmed it.
        case ok
        /// The connection was lost before the reply, or no replica had it in time: it may be in the stream or not.
        case unknown
        /// The same, and the stream had it, at the end or until a fault removed it: owed like one that was confirmed.
        case found
        /// Redis refused it.
        case failed

        /// Whether it has to arrive.
        var isOwed: Bool { self == .ok || self == .found }
    }

    struct Entry: Sendable {
        var outcome = Outcome.notSent
        /// Set if it is owed.
        var id = EntryID(milliseconds: 0, sequence: 0)
        /// Of the body that a receiver has to get.
        var digest: UInt64 = 0
    }

    /// Where entries without a reply stand, if they were added.
    struct Gap: Sendable {
        let producer: Int
        let stream: Int
        let numbers: [Int]
        /// The producer's last confirmed id before them; `nil` from the beginning of the stream.
        let after: EntryID?
        /// And the first one behind them; `nil` up to the end of the stream.
        var before: EntryID?
    }

    private struct State: Sendable {
        var entries: [Entry]
        var gaps: [Gap] = []
        var seen: [(number: Int, id: EntryID)] = []
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(entries: Array(repeating: Entry(), count: count))) }

    var entries: [Entry] { state.withLock { $0.entries } }
    var gaps: [Gap] { state.withLock { $0.gaps } }

    func note(_ changes: [(number: Int, entry: Entry)]) {
        state.withLock { state in
            for change in changes { state.entries[change.number] = change.entry }
        }
    }

    /// What stood in the stream when a fault removed it: at the end it would be looked for in vain.
    var seen: [(number: Int, id: EntryID)] { state.withLock { $0.seen } }

    func see(_ entries: [(number: Int, id: EntryID)]) { state.withLock { $0.seen += entries } }

    /// The replies to these did not come.
    func open(_ gap: Gap) { state.withLock { $0.gaps.append(gap) } }

    /// The producer goes on, at this id.
    func close(producer: Int, at id: EntryID) {
        state.withLock { state in
            for place in state.gaps.indices where state.gaps[place].producer == producer {
                guard state.gaps[place].stream == Int(id.stream), state.gaps[place].before == nil else { continue }
                state.gaps[place].before = id
            }
        }
    }

    /// Takes it for owed: it stands in the stream.
    func find(_ number: Int, at id: EntryID) {
        state.withLock { state in
            guard state.entries.indices.contains(number), state.entries[number].outcome == .unknown else { return }
            state.entries[number].outcome = .found
            state.entries[number].id = id
        }
    }
}
