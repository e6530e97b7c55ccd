/// Which requests may come twice, and by which fault: those that were under way when it struck, or answered so shortly
/// before that their acknowledgement may not have been.
///
/// Computed from the ledger alone. A duplicate that nothing exposed is a defect, however few there are.
struct Exposure {
    /// The place of the first fault that exposed a receipt, by the receipt's place.
    private(set) var faultOf: [Int32: Int] = [:]
    /// How many receipts each fault exposed: the bound of its duplicates. Per run it is the window at most.
    private(set) var bounds: [Int]
    private let rereads: [(range: ClosedRange<EntryID>, since: Moment, fault: Int)]

    /// An acknowledgement leaves with the turn of the loop; so long it may take on a busy machine.
    private static let acknowledging = 0.25
    /// What was under way to the receiver may arrive so much later.
    private static let arriving = 1.0
    /// So long a bridge may need to find Redis again.
    private static let reconnecting = 3.0

    init(_ history: History) {
        bounds = Array(repeating: 0, count: history.faults.count)
        rereads = history.faults.enumerated().compactMap { place, record in
            record.reread.map { ($0, record.start, place) }
        }
        var byRun: [Int: [Int]] = [:]
        for (place, receipt) in history.receipts.enumerated() { byRun[Int(receipt.run), default: []].append(place) }
        for (place, record) in history.faults.enumerated() where record.fault.kind.mayRepeat {
            for run in record.runs {
                let exposed = (byRun[run] ?? []).filter { Self.isExposed(history.receipts[$0], by: record, history) }
                bounds[place] += min(exposed.count, Settings.window)
                for receipt in exposed where faultOf[Int32(receipt)] == nil { faultOf[Int32(receipt)] = place }
            }
            if let reread = record.reread {
                bounds[place] += history.numbers.keys.count { reread.contains($0) && $0 != reread.lowerBound }
            }
        }
    }

    private static func isExposed(_ receipt: Receipt, by record: FaultRecord, _ history: History) -> Bool {
        let isSudden = [.kill, .crash, .crashAll, .freeze].contains(record.fault.kind)
        guard receipt.received <= (isSudden ? record.start + arriving : record.end) else { return false }
        if receipt.sent.nanoseconds == 0 { return record.start - receipt.received < Settings.timeout * 2 }
        // While Redis was away, acknowledgements were kept: they reach back to the beginning of that.
        let blind = history.faults.filter {
            $0.fault.kind.cutsRedis && $0.runs.contains(Int(receipt.run)) && $0.start <= record.start
                && record.start <= $0.end + reconnecting
        }
        let since = blind.map(\.start).min().map { min($0, record.start) } ?? record.start
        return receipt.sent >= since - acknowledging
    }

    /// The fault by which an entry may come again after this receipt.
    func fault(of place: Int, _ history: History, before: Moment) -> Int? {
        if let fault = faultOf[Int32(place)] { return fault }
        return reread(of: history.receipts[place].id, before: before)
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

    /// Whether bridges lose Redis by it.
    var cutsRedis: Bool { [.killRedis, .cut, .clientKill].contains(self) }
}
