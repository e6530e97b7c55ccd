/// Whether the order was kept of what the bridges were told to deliver one after another (`Settings.lane`).
extension History {
    static let order = "the order of first acceptances is kept"
    static let single = "one entry of each order at a time"

    /// No request for an entry before all that stand before it are settled: accepted, or given up.
    ///
    /// So they are accepted for the first time in their order. What comes of an entry after that is a duplicate, and breaks no
    /// order. The time of an acceptance is the one just before the receiver answered: nobody can have heard of it earlier.
    func orderKept(_ exposure: Exposure) -> Check {
        let dead = Set(letters.compactMap(\.number))
        var failures: [String] = []
        var (pairs, waited) = (0, 0)
        for lane in lanes {
            var before: (number: Int, settled: Moment)?
            for number in lane {
                guard let first = byEntry[number].first.map({ receipts[Int($0)].received }) else { continue }
                if let before {
                    pairs += 1
                    if first < before.settled {
                        let text = "\(text(ofEntry: number)); before it stands \(text(ofEntry: before.number))"
                        failures.append("passed another: \(text)")
                    }
                }
                guard let settled = settled(number, isDead: dead.contains(number), exposure) else { continue }
                if byEntry[number].count > 1 { waited += 1 }
                if before.map({ settled > $0.settled }) ?? true { before = (number, settled) }
            }
        }
        let struck = faults.count(where: \.hadLease)
        return Check(
            Self.order,
            "\(pairs) entries behind others in \(lanes.count) orders, \(waited) of the others tried more than once; "
                + "\(changes) changes of the instance, \(struck) faults struck the one that had the lease; "
                + "longest time without an acceptance \(longestSilence)",
            failures: failures)
    }

    /// What is under way of one order is one entry; whoever goes on waits for its end, or for the end of its process.
    func oneOfEachOrder(_ exposure: Exposure) -> Check {
        var failures: [String] = []
        var count = 0
        for lane in lanes {
            var open: [(place: Int32, end: Moment)] = []
            for place in lane.flatMap({ byEntry[$0] }).sorted() {
                let receipt = receipts[Int(place)]
                open.removeAll { $0.end <= receipt.received }
                for (other, end) in open where receipts[Int(other)].entry != receipt.entry {
                    guard receipt.received < end - Self.margin(receipts[Int(other)]), !exposure.isAbandoned(Int(other)),
                        exposure.thawed[other] == nil,
                        exposure.thawed[place] == nil
                    else { continue }
                    failures.append(
                        "two at a time: \(text(Int(other))) of entry \(receipts[Int(other)].entry), "
                            + "and \(text(Int(place))) of entry \(receipt.entry)")
                }
                count += 1
                if let end = end(of: receipt) { open.append((place, end)) }
            }
        }
        return Check(Self.single, "\(count) requests", failures: failures)
    }

    /// The numbers of the entries of each order as they stand in the stream, as far as anybody knows it.
    private var lanes: [[Int]] {
        var lanes: [Settings.Lane: [(id: EntryID, number: Int)]] = [:]
        for (number, entry) in entries.enumerated() {
            let id = entry.outcome.isOwed ? entry.id : byEntry[number].first.map { receipts[Int($0)].id }
            guard let id, let lane = settings.lane(ofEntry: number) else { continue }
            lanes[lane, default: []].append((id, number))
        }
        return lanes.values.map { $0.sorted { $0.id < $1.id }.map(\.number) }.sorted { $0[0] < $1[0] }
    }

    /// When an entry was accepted first, or tried for the last time before it was given up; `nil` if neither is known.
    private func settled(_ number: Int, isDead: Bool, _ exposure: Exposure) -> Moment? {
        // What a frozen bridge sends late of an entry that was given up meanwhile changes nothing.
        let places = byEntry[number].filter { !isDead || exposure.thawed[$0] == nil }
        let accepted = places.map { receipts[Int($0)] }.filter { receipt in
            (receipt.answer.accepts && receipt.sent.nanoseconds > 0) || exposure.freezeThatHeardLate(receipt) != nil
        }
        // One that comes later may be answered sooner.
        if let first = accepted.map(\.answered).min() { return first }
        guard isDead, let last = places.last.map({ receipts[Int($0)] }) else { return nil }
        return end(of: last).map { $0 - Self.margin(last) } ?? last.received
    }

    /// A sender's clock for its own timeout starts before the request is here, and runs on another thread.
    private static func margin(_ receipt: Receipt) -> Double { receipt.answer.status == nil ? 0.15 : 0 }

    /// Receipts of what was accepted for the first time.
    private var firstAcceptances: [Receipt] {
        byEntry.compactMap { $0.first { receipts[Int($0)].isAccepted }.map { receipts[Int($0)] } }
            .sorted { $0.received < $1.received }
    }

    private var changes: Int { zip(firstAcceptances, firstAcceptances.dropFirst()).count { $0.run != $1.run } }

    /// The calm beginning has an end at which nothing is added.
    private var longestSilence: String {
        let times = firstAcceptances.map(\.received).filter { $0 > calmEnd }
        let longest = zip([calmEnd] + times, times).max { $0.1 - $0.0 < $1.1 - $1.0 }
        return longest.map { "\(Int(($1 - $0) * 1000)) ms, at \(Int($0 - calmEnd)) s" } ?? "-"
    }
}
