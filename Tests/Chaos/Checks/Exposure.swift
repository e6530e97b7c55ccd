/// Which requests may come twice, and by which fault: those that were under way when it struck, or answered so shortly
/// before that their acknowledgement may not have been.
///
/// Computed from the ledger alone. A duplicate that nothing exposed is a defect, however few there are.
struct Exposure {
    /// The place of the first fault that exposed a receipt, by the receipt's place.
    private(set) var faultOf: [Int32: Int] = [:]
    /// How many receipts each fault exposed: the bound of its duplicates. Per run it is the window at most.
    private(set) var bounds: [Int]
    /// Requests that a bridge had begun when it was frozen, and that left it when it went on; by the receipt's place.
    private(set) var thawed: [Int32: Int] = [:]
    private let rereads: [(range: ClosedRange<EntryID>, since: Moment, fault: Int)]

    /// An acknowledgement leaves with the turn of the loop; so long it may take on a busy machine.
    private static let acknowledging = 0.25
    /// What was under way to the receiver may arrive so much later.
    private static let arriving = 1.0
    /// So soon after SIGCONT what was begun before has left.
    private static let thawing = 0.5
    /// So long a bridge may need to find Redis again.
    private static let reconnecting = 3.0

    init(_ history: History) {
        bounds = Array(repeating: 0, count: history.faults.count)
        rereads = history.faults.enumerated().compactMap { place, record in
            record.reread.map { ($0, record.start, place) }
        }
        var byRun: [Int: [Int]] = [:]
        for (place, receipt) in history.receipts.enumerated() { byRun[Int(receipt.run), default: []].append(place) }
        // Ends of processes first: what is exposed by several faults is put down to them.
        let order = history.faults.enumerated().sorted {
            !$0.element.fault.kind.cutsRedis && $1.element.fault.kind.cutsRedis
        }
        for (place, record) in order where record.fault.kind.mayRepeat {
            for run in record.runs {
                let since = Self.unacknowledged(since: record, run, history) - Self.acknowledging
                let exposed = (byRun[run] ?? []).filter { Self.isExposed(history.receipts[$0], by: record, since) }
                bounds[place] += min(exposed.count, Settings.window)
                if record.fault.kind == .freeze {
                    let late = (byRun[run] ?? []).filter {
                        let time = history.receipts[$0].received
                        return record.end <= time && time <= record.end + Self.thawing
                    }
                    for receipt in late { thawed[Int32(receipt)] = place }
                    bounds[place] += Settings.concurrency
                }
                for receipt in exposed where faultOf[Int32(receipt)] == nil { faultOf[Int32(receipt)] = place }
            }
            if let reread = record.reread {
                bounds[place] += history.numbers.keys.count { reread.contains($0) && $0 != reread.lowerBound }
            }
        }
    }

    /// While Redis was away or the group was gone, acknowledgements were kept: they reach back to the beginning of that.
    private static func unacknowledged(since record: FaultRecord, _ run: Int, _ history: History) -> Moment {
        let blind = history.faults.filter {
            $0.fault.kind.delaysAcknowledgements && $0.runs.contains(run) && $0.start <= record.start
                && record.start <= $0.end + reconnecting
        }
        return blind.map(\.start).min() ?? record.start
    }

    private static func isExposed(_ receipt: Receipt, by record: FaultRecord, _ since: Moment) -> Bool {
        let isSudden = [.kill, .crash, .crashAll, .freeze].contains(record.fault.kind)
        guard receipt.received <= (isSudden ? record.start + arriving : record.end) else { return false }
        if receipt.sent.nanoseconds == 0 { return record.start - receipt.received < Settings.timeout * 2 }
        return receipt.sent >= since
    }

    /// The fault by which an entry may come again after this receipt.
    func fault(of place: Int, _ history: History, before: Moment) -> Int? {
        if let fault = faultOf[Int32(place)] { return fault }
        return reread(of: history.receipts[place].id, before: before)
    }

    /// The freeze during which others took an entry over that its owner had under way, and may send once more.
    func freeze(of entry: Int, before place: Int, _ history: History) -> Int? {
        let run = history.receipts[place].run
        return history.byEntry[entry].prefix { $0 < place }.lazy.compactMap { earlier in
            faultOf[earlier].flatMap { fault in
                history.faults[fault].fault.kind == .freeze && history.receipts[Int(earlier)].run == run ? fault : nil
            }
        }.first
    }

    /// The destruction of the group after which an entry was read anew.
    func reread(of id: EntryID, before: Moment) -> Int? {
        rereads.first { $0.range.contains(id) && $0.range.lowerBound != id && $0.since <= before }?.fault
    }
}

extension Fault.Kind {
    /// Whether it may part an answer from its acknowledgement.
    var mayRepeat: Bool {
        switch self {
        case .kill, .crash, .crashAll, .freeze, .killRedis, .cut, .clientKill, .destroyGroup: true
        case .terminate, .trim, .refuse, .badAnswers: false
        }
    }

    /// Whether acknowledgements are kept until it is over, and shortly beyond.
    var delaysAcknowledgements: Bool { cutsRedis || self == .destroyGroup }

    /// Whether bridges lose Redis by it.
    var cutsRedis: Bool { [.killRedis, .cut, .clientKill].contains(self) }
}
