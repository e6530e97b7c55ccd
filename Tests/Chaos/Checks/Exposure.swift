/// Which requests may come twice, and by which faults: those that were under way when one struck, or answered so shortly
/// before that their acknowledgement may not have been.
///
/// Computed from the ledger alone. A duplicate that nothing exposed is a defect, however few there are.
struct Exposure {
    /// The places of the faults that exposed a receipt, by the receipt's place.
    private var faultsOf: [Int32: [Int]] = [:]
    /// How many receipts each fault exposed: the bound of its duplicates. Per run it is the window at most.
    private(set) var bounds: [Int]
    /// Requests that a bridge had begun when it was frozen, and that left it when it went on; by the receipt's place.
    private(set) var thawed: [Int32: Int] = [:]
    private let rereads: [(range: ClosedRange<EntryID>, since: Moment, fault: Int)]
    private let faults: [FaultRecord]

    /// An acknowledgement leaves with the turn of the loop; so long it may take on a busy machine.
    private static let acknowledging = 0.25
    /// What was under way to the receiver may arrive so much later.
    private static let arriving = 1.0
    /// So long a bridge may need to find Redis again.
    private static let reconnecting = 3.0

    init(_ history: History) {
        faults = history.faults
        bounds = Array(repeating: 0, count: faults.count)
        rereads = faults.enumerated().compactMap { place, record in
            record.reread.map { ($0, record.start, place) }
        }
        var byRun: [Int: [Int]] = [:]
        for (place, receipt) in history.receipts.enumerated() { byRun[Int(receipt.run), default: []].append(place) }
        // Ends of processes first: what is exposed by several faults is put down to them.
        let order = faults.enumerated().sorted { !$0.element.fault.kind.cutsRedis && $1.element.fault.kind.cutsRedis }
        for (place, record) in order where record.fault.kind.mayRepeat {
            for run in record.runs {
                let own = byRun[run] ?? []
                let since = Self.unacknowledged(since: record, run, history) - Self.acknowledging
                let exposed = own.filter { Self.isExposed(history.receipts[$0], by: record, since) }
                bounds[place] += min(exposed.count, Settings.window)
                for receipt in exposed { faultsOf[Int32(receipt), default: []].append(place) }
                guard record.fault.kind == .freeze else { continue }
                bounds[place] += Settings.concurrency
                // Its timestamp says when it was begun.
                for receipt in own.map({ (place: $0, receipt: history.receipts[$0]) })
                where receipt.receipt.received >= record.end && receipt.receipt.timestamp <= record.second {
                    thawed[Int32(receipt.place)] = place
                }
            }
        }
        for reread in rereads {
            bounds[reread.fault] += history.numbers.keys.count {
                reread.range.contains($0) && $0 != reread.range.lowerBound
            }
        }
    }

    /// While Redis was away, acknowledgements were kept: they reach back to the beginning of that.
    private static func unacknowledged(since record: FaultRecord, _ run: Int, _ history: History) -> Moment {
        let blind = history.faults.filter {
            $0.fault.kind.cutsRedis && $0.runs.contains(run) && $0.start <= record.start
                && record.start <= $0.end + reconnecting
        }
        return blind.map(\.start).min() ?? record.start
    }

    private static func isExposed(_ receipt: Receipt, by record: FaultRecord, _ since: Moment) -> Bool {
        let isSudden = record.fault.kind.endsProcess || record.fault.kind == .freeze
        guard receipt.received <= (isSudden ? record.start + arriving : record.end) else { return false }
        if receipt.sent.nanoseconds == 0 { return record.start - receipt.received < Settings.timeout + acknowledging }
        return receipt.sent >= since
    }

    /// The fault by which an entry may have come again at that time after this receipt.
    func fault(of place: Int, before time: Moment) -> Int? {
        faultsOf[Int32(place)]?.first { faults[$0].start <= time }
    }

    /// Whether another instance may make an attempt while this one is under way: its own process is gone, or the new master
    /// does not know of it.
    func isAbandoned(_ place: Int) -> Bool {
        faultsOf[Int32(place)]?.contains { faults[$0].fault.kind.endsProcess || faults[$0].fault.kind == .failover }
            ?? false
    }

    /// Whether the bridge was frozen before it saw the answer, and may have met its own timeout first when it went on.
    func mayBeUnheard(_ place: Int) -> Bool {
        thawed[Int32(place)] != nil || faultsOf[Int32(place)]?.contains { faults[$0].fault.kind == .freeze } ?? false
    }

    /// Whether the answer came too late, but while the bridge was frozen: libcurl, stopped in its work on other requests, goes
    /// on with the clock that it had read before, finds the answer, and takes it as one in time. It was accepted, too.
    func mayBeHeardLate(_ receipt: Receipt) -> Bool {
        guard receipt.isDoubtful, receipt.answer != .half, receipt.sent.nanoseconds > 0 else { return false }
        return faults.contains { record in
            record.fault.kind == .freeze && record.runs.contains(Int(receipt.run))
                && record.start - receipt.received < Settings.timeout && receipt.sent <= record.end
        }
    }

    /// Whether a failover may have made Redis forget this attempt.
    func isForgotten(_ place: Int, by time: Moment) -> Bool {
        faultsOf[Int32(place)]?.contains { faults[$0].fault.kind == .failover && faults[$0].start <= time } ?? false
    }

    /// The destructions of the group after which an entry was read anew.
    func rereads(of id: EntryID, before time: Moment) -> [Int] {
        rereads.filter { $0.range.contains(id) && $0.range.lowerBound != id && $0.since <= time }.map(\.fault)
    }
}

extension Fault.Kind {
    /// Whether it may part an answer from its acknowledgement.
    var mayRepeat: Bool { endsProcess || cutsRedis || self == .freeze }

    /// Whether bridges end at once.
    var endsProcess: Bool { [.kill, .crash, .crashAll].contains(self) }

    /// Whether bridges lose Redis by it, and keep acknowledgements until it is over, and shortly beyond.
    var cutsRedis: Bool { [.killRedis, .failover, .cut, .clientKill].contains(self) }
}
