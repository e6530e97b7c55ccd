/// Attempts that no receiver saw: those that a fault may have swallowed.
///
/// Numbers that go out rise by one per request. So each that is missing needs a fault between its neighbours that explains
/// it, and each fault explains so many.
struct Unseen {
    private let history: History

    init(_ history: History) { self.history = history }

    /// The faults that may have swallowed attempts between two times, each with how many of one entry. First those that
    /// swallow any number: the others have a bound in all, and what is put down to them has to be theirs.
    func faults(from start: Moment, to end: Moment) -> [(fault: Int, attempts: Int)] {
        let places = history.faults.indices.partitioned { history.faults[$0].fault.kind == .refuse }
        return places.compactMap { place in
            let record = history.faults[place]
            // What a fault did to a request shows when the request would have ended.
            guard record.start <= end, record.end + Settings.timeout >= start else { return nil }
            let most = Self.most(record, from: start, to: end)
            return most > 0 ? (place, most) : nil
        }
    }

    func count(from start: Moment, to end: Moment) -> Int {
        faults(from: start, to: end).reduce(0) { $0 + $1.attempts }
    }

    private static func most(_ record: FaultRecord, from start: Moment, to end: Moment) -> Int {
        let kind = record.fault.kind
        switch kind {
        // By the schedule, and one more at its edge and one on a connection that was kept.
        case .refuse:
            let seconds = min(record.end, end) - max(record.start, start)
            return 2 + Int(max(0, seconds) / (Settings.backoff.initial * (1 - Settings.backoff.jitter)))
        // What was read and not sent yet.
        case _ where kind.endsProcess: return record.runs.count
        // The reply of a read that came to nobody.
        case _ where kind.cutsRedis: return 1
        // Its receiver ended the connections with what they brought.
        case .freeze, .descriptors: return 1
        default: return 0
        }
    }
}

extension Collection {
    /// Those that fit first, each part in its order.
    fileprivate func partitioned(by fits: (Element) -> Bool) -> [Element] { filter(fits) + filter { !fits($0) } }
}
