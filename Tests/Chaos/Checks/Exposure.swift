/// Which requests may come twice, and by which faults: those that were under way when one struck, or answered so shortly
/// before that their acknowledgement may not have been.
///
/// Computed from the ledger alone. A duplicate that nothing exposed is a defect, however few there are.
struct Exposure {
    /// The places of the faults that exposed a receipt, by the receipt's place.
    private var faultsOf: [Int32: [Int]] = [:]
    /// How many duplicates each fault may make: what it exposed, but per process no more than is under way at once.
    private(set) var bounds: [Int]
    /// Requests that a bridge had begun when it was frozen, and that left it when it went on; by the receipt's place.
    private(set) var thawed: [Int32: Int] = [:]
    private let history: History
    private var faults: [FaultRecord] { history.faults }

    /// An acknowledgement leaves with the turn of the loop; so long it may take on a busy machine.
    static let acknowledging = 0.25
    /// What was under way to the receiver may arrive so much later.
    private static let arriving = 1.0
    /// So long a bridge may need to find Redis again: the longest delay between two attempts to connect.
    static let reconnecting = 10.0
    /// Connections that were open when all was swallowed stay dead. A bridge waits so long for a reply before it gives one up.
    private static let noticing = 6.0
    /// So long after a group was made again all is read that may come again by it.
    private static let rereading = 30.0
    /// So long after a fault began others may take over what a living process had: it showed life shortly before.
    static let silence = Settings.claimAfter - Settings.beat - 0.1

    init(_ history: History) {
        self.history = history
        let faults = history.faults
        bounds = Array(repeating: 0, count: faults.count)
        var byRun: [Int: [Int]] = [:]
        for (place, receipt) in history.receipts.enumerated() { byRun[Int(receipt.run), default: []].append(place) }
        // Ends of processes first: what is exposed by several faults is put down to them.
        let order = faults.enumerated().sorted { !$0.element.fault.kind.cutsRedis && $1.element.fault.kind.cutsRedis }
        for (place, record) in order where record.fault.kind.mayRepeat {
            for run in record.runs {
                let own = byRun[run] ?? []
                let since = Self.unacknowledged(since: record, run, history) - Self.acknowledging
                let exposed = own.filter { Self.isExposed(history.receipts[$0], by: record, since) }
                bounds[place] += min(exposed.count, Self.most(by: record, of: run, history))
                for receipt in exposed { faultsOf[Int32(receipt), default: []].append(place) }
                guard record.fault.kind == .freeze else { continue }
                bounds[place] += history.inFlight
                // Its timestamp says when it was begun.
                for receipt in own.map({ (place: $0, receipt: history.receipts[$0]) })
                where receipt.receipt.received >= record.end && receipt.receipt.timestamp <= record.second {
                    thawed[Int32(receipt.place)] = place
                }
            }
        }
        for (place, reread) in faults.enumerated().compactMap({ place, record in record.reread.map { (place, $0) } }) {
            bounds[place] += history.numbers.keys.count {
                reread.range.contains($0) && $0 != reread.range.lowerBound
            }
        }
    }

    /// So many duplicates one fault and process may make: what is under way at once, for acknowledgements leave with each
    /// turn. While Redis is away they are kept, and so what it holds may be sent and not acknowledged.
    static func most(by record: FaultRecord, of run: Int, _ history: History) -> Int {
        let wasBlind = unacknowledged(since: record, run, history) < record.start
        return record.fault.kind.cutsRedis || wasBlind ? history.window : history.inFlight
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
        let end = record.fault.kind == .halfOpen ? record.end + noticing : record.end
        guard receipt.received <= (isSudden ? record.start + arriving : end) else { return false }
        if receipt.sent.nanoseconds == 0 { return record.start - receipt.received < Settings.timeout + acknowledging }
        return receipt.sent >= since
    }

    /// The fault by which an entry that was sent once may have been sent again.
    ///
    /// After the end of its process by anybody; after a failover, too, for the new master may not know. A process that lives
    /// keeps its acknowledgements and what it has under way, whatever becomes of Redis: then only another one may send it
    /// again, and only after a silence.
    func fault(of place: Int, repeatedBy next: Receipt) -> Int? {
        let first = history.receipts[place]
        return faultsOf[Int32(place)]?.first { fault in
            let record = faults[fault]
            guard record.start <= next.received else { return false }
            if record.fault.kind.endsProcess || record.fault.kind.losesWrites { return true }
            return next.run != first.run && next.received - record.start >= Self.silence
        }
    }

    /// Whether any fault may have parted this answer from its acknowledgement.
    func mayBeUnsettled(_ place: Int) -> Bool { faultsOf[Int32(place)] != nil }

    /// Whether another instance may make an attempt while this one is under way: its own process is gone, or the new master
    /// does not know of it.
    func isAbandoned(_ place: Int) -> Bool {
        faultsOf[Int32(place)]?.contains { faults[$0].fault.kind.endsProcess || faults[$0].fault.kind.losesWrites }
            ?? false
    }

    /// Whether a fault may have made this process end, or others take it for dead, by that time.
    func mayHaveBeenTaken(from run: Int, by time: Moment) -> Bool {
        faults.contains { record in
            guard record.runs.contains(run), record.start <= time else { return false }
            let kind = record.fault.kind
            if kind.endsProcess || kind == .terminate || kind.losesWrites { return true }
            // What is taken over waits for its own schedule.
            return (kind == .freeze || kind.cutsRedis) && time - record.start >= Self.silence
        }
    }

    /// Whether a process was told to read another configuration between two requests: a route that changes hands over what it has.
    func wasReloaded(_ run: Int, from start: Moment, to end: Moment) -> Bool {
        faults.contains { $0.fault.kind == .reload && $0.runs.contains(run) && $0.start <= end && start <= $0.end }
    }

    /// Whether the bridge was frozen before it saw the answer, and may have met its own timeout first when it went on.
    func mayBeUnheard(_ place: Int) -> Bool {
        thawed[Int32(place)] != nil || faultsOf[Int32(place)]?.contains { faults[$0].fault.kind == .freeze } ?? false
    }

    /// The freeze during which the answer came, too late: libcurl, stopped in its work on other requests, goes on with the
    /// clock that it had read before, finds the answer, and takes it as one in time. It was accepted, too.
    func freezeThatHeardLate(_ receipt: Receipt) -> Int? {
        guard receipt.isDoubtful, receipt.answer != .half, receipt.sent.nanoseconds > 0 else { return nil }
        return faults.firstIndex { record in
            record.fault.kind == .freeze && record.runs.contains(Int(receipt.run))
                && record.start - receipt.received < Settings.timeout && receipt.sent <= record.end
        }
    }

    /// Whether a failover may have made Redis forget this attempt.
    func isForgotten(_ place: Int, by time: Moment) -> Bool {
        faultsOf[Int32(place)]?.contains { faults[$0].fault.kind.losesWrites && faults[$0].start <= time } ?? false
    }

    /// The destructions of the group after which an entry was read anew by that time: not by an instance that had sent it
    /// itself before, and not for ever.
    func rereads(of entry: Int, before time: Moment) -> [Int] {
        guard let id = history.byEntry[entry].first.map({ history.receipts[Int($0)].id }) else { return [] }
        return faults.indices.filter { place in
            let record = faults[place]
            guard let reread = record.reread, reread.range.contains(id), reread.range.lowerBound != id else {
                return false
            }
            return record.start <= time && time <= record.end + Self.rereading
                && !history.byEntry[entry].contains {
                    let receipt = history.receipts[Int($0)]
                    return Int(receipt.run) == reread.maker && receipt.received < record.start
                }
        }
    }
}

extension Fault.Kind {
    /// Whether it may part an answer from its acknowledgement.
    var mayRepeat: Bool { endsProcess || cutsRedis || self == .freeze }

    /// Whether bridges end at once.
    var endsProcess: Bool { [.kill, .crash, .crashAll, .killDrain, .killTakeover].contains(self) }

    /// Whether bridges lose Redis by it, and keep acknowledgements until it is over, and shortly beyond.
    var cutsRedis: Bool {
        [.killRedis, .cut, .clientKill, .freezeRedis, .halfOpen].contains(self) || losesWrites
    }

    /// Whether another master takes over that may not know the latest.
    var losesWrites: Bool { self == .failover || self == .isolateMaster }

    /// Whether a receiver ends its connections, in the middle of requests, too.
    var closesReceiver: Bool { self == .refuse || self == .descriptors }
}
