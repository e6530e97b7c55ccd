import Glibc

/// What a fault did: the ledger is read in its light.
struct FaultRecord: Sendable {
    let fault: Fault
    let start: Moment
    /// The wall clock's seconds when it had struck.
    var second = UInt32(time(nil))
    var end: Moment
    /// Runs that it hit.
    var runs: [Int]
    /// Seconds from a kill to the moment when others had the entries.
    var darkTime: Double?
    /// Seconds from an orderly end to the moment when others had the entries.
    var handOver: Double?
    /// Entries that the group was given before it was destroyed, after the place where it was made again.
    var reread: ClosedRange<EntryID>?
    var trimmedPending: [EntryID] = []
    var trimmedUnread: [EntryID] = []
    /// What went wrong while the fault was made.
    var complaints: [String] = []

    init(_ fault: Fault, runs: [Int]) {
        self.fault = fault
        self.runs = runs
        start = .now
        end = start
    }
}
