import Glibc
import TestSupport

/// What a fault did: the ledger is read in its light.
struct FaultRecord: Sendable {
    /// A group that was made again: what was given out after that place is given out once more.
    struct Reread: Sendable {
        /// After the first, up to the last: what the group had been given before it was destroyed.
        let range: ClosedRange<EntryID>
        /// The run that made it. It knows what it has read itself: only what others had read may come again. `nil` if the run
        /// has several workers, for each knows its own.
        let maker: Int?
    }

    let fault: Fault
    var start: Moment
    /// The wall clock's seconds when it had struck.
    var second = UInt32(time(nil))
    var end: Moment
    /// Runs that it hit.
    var runs: [Int]
    /// Seconds from a kill to the moment when others had the entries.
    var darkTime: Double?
    /// Seconds from an orderly end to the moment when others had the entries.
    var handOver: Double?
    var reread: Reread?
    var trimmedPending: [EntryID] = []
    /// What was pending for a consumer that was removed: until it is put back, bridges that trim may take it for settled.
    var dropped: [EntryID] = []
    var trimmedUnread: [EntryID] = []
    /// What was pending or unread when all was deleted, and the dead letters that went with it.
    var flushed: [EntryID] = []
    var flushedLetters: [RedisReply] = []
    /// What was being replayed and went with it.
    var flushedReplays: [Replay] = []
    /// Dead letters that went to their routes once more.
    var replayed: [RedisReply] = []
    /// When no bridge may send anything.
    var quiet: ClosedRange<Moment>?
    /// It hit the instance that delivered a stream in order.
    var hadLease = false
    /// What is worth to be told of it.
    var remark: String?
    /// What went wrong while the fault was made.
    var complaints: [String] = []

    init(_ fault: Fault, runs: [Int], at start: Moment = .now) {
        self.fault = fault
        self.runs = runs
        self.start = start
        end = start
    }
}

/// An entry that was being replayed.
struct Replay: Sendable {
    struct Place: Hashable, Sendable {
        let stream: String
        let id: String
    }

    /// In the stream of replays.
    let place: Place
    let entry: EntryID
}
