/// What came more often than once.
extension History {
    private struct FaultOfRun: Hashable {
        let fault: Int
        let run: Int32
    }

    /// Accepted more than once: never without a fault, and after one no more than it exposed.
    func duplicates(_ exposure: Exposure) -> Check {
        var failures: [String] = []
        var byFault: [Int: Int] = [:]
        var byRun: [FaultOfRun: Int] = [:]
        var thawed: [Int: Int] = [:]
        var (count, calm) = (0, 0)
        for (number, places) in byEntry.enumerated() where places.count > 1 {
            let accepted = places.map(Int.init).filter { receipts[$0].isAccepted }
            // Each reason is one for a single repetition.
            var used: (places: Set<Int>, rereads: Set<Int>) = ([], [])
            for index in accepted.indices.dropFirst() {
                count += 1
                let next = receipts[accepted[index]]
                let time = next.received
                if number < calmEntries, time <= calmEnd { calm += 1 }
                let exposed = accepted[..<index].lazy.filter { !used.places.contains($0) }.compactMap { place in
                    exposure.fault(of: place, repeatedBy: next).map { (fault: $0, place: place) }
                }.first
                if let fault = exposure.thawed[Int32(accepted[index])] {
                    byFault[fault, default: 0] += 1
                    thawed[fault, default: 0] += 1
                } else if let fault = exposure.rereads(of: number, before: time)
                    .first(where: { !used.rereads.contains($0) })
                {
                    used.rereads.insert(fault)
                    byFault[fault, default: 0] += 1
                } else if let exposed {
                    used.places.insert(exposed.place)
                    byFault[exposed.fault, default: 0] += 1
                    byRun[.init(fault: exposed.fault, run: receipts[exposed.place].run), default: 0] += 1
                } else {
                    failures.append("twice without a reason: \(text(ofEntry: number))")
                }
            }
        }
        for (key, count) in byRun {
            let most = Exposure.most(by: faults[key.fault], of: Int(key.run), self)
            if count > most {
                failures.append(
                    "\(count) duplicates by \(faults[key.fault].fault) of run \(key.run), more than \(most) under way")
            }
        }
        for count in thawed.values where count > inFlight {
            failures.append("\(count) sent after a freeze, more than \(inFlight) that were under way")
        }
        let bound = exposure.bounds.reduce(0, +)
        if count > bound { failures.append("\(count) duplicates, more than the bound \(bound)") }
        let kinds = Dictionary(grouping: byFault, by: { "\(faults[$0.key].fault.kind)" })
            .mapValues { $0.map(\.value).reduce(0, +) }.sorted { $0.key < $1.key }
        return Check(
            "duplicates bounded by what faults exposed",
            "\(count) (bound \(bound)), without faults \(calm)"
                + (kinds.isEmpty ? "" : "; by \(kinds.map { "\($0.key) \($0.value)" }.joined(separator: ", "))"),
            failures: failures)
    }

    /// Nothing is both accepted and dead-lettered, and nothing buried twice.
    func settledOnce(_ exposure: Exposure) -> Check {
        var failures: [String] = []
        var (late, exposed) = (0, 0)
        for (number, letters) in Dictionary(grouping: letters.filter { $0.number != nil }, by: \.number) {
            guard let number, entries.indices.contains(number) else { continue }
            let places = byEntry[number].map(Int.init)
            let accepted = places.filter { receipts[$0].isAccepted }
            let last = places.last.map { receipts[$0].received } ?? calmEnd
            let rereads = exposure.rereads(of: number, before: last).count
            // Whoever does not know that others took the entry says once more that it is gone.
            let unawares = letters.allSatisfy(\.isTrimmed) && wasHeldUnawares(number) ? 1 : 0
            if letters.count > 1 + rereads + unawares {
                failures.append("\(letters.count) dead letters: \(text(ofEntry: number))")
            }
            if accepted.isEmpty {
                if places.contains(where: { receipts[$0].isDoubtful }) { late += 1 }
            } else if rereads + unawares > 0 || accepted.allSatisfy(exposure.mayBeUnsettled) {
                exposed += 1
            } else {
                failures.append("accepted and dead (\(letters[0].reason)): \(text(ofEntry: number))")
            }
        }
        return Check(
            "nothing both delivered and dead",
            "\(late) dead after a late or half answer, \(exposed) after an answer that a fault hid", failures: failures)
    }

    /// No attempt begins before the one before it ended.
    func oneAtATime(_ exposure: Exposure) -> Check {
        var failures: [String] = []
        var pairs = 0
        for (number, places) in byEntry.enumerated() where places.count > 1 {
            for (first, second) in zip(places, places.dropFirst()).map({ (Int($0), Int($1)) }) {
                guard let end = end(of: receipts[first]) else { continue }
                pairs += 1
                let time = receipts[second].received
                // A margin for threads of ours that did not run at once.
                guard time < end - 0.05, !exposure.isAbandoned(first), exposure.thawed[Int32(first)] == nil,
                    exposure.thawed[Int32(second)] == nil,
                    exposure.rereads(of: number, before: time).isEmpty
                else { continue }
                failures.append("two at a time: \(text(ofEntry: number))")
            }
        }
        return Check("one attempt at a time", "\(pairs) repeats looked at", failures: failures)
    }

    /// Who lives keeps what it has: an entry is sent by another process only after the end of its process, or a silence.
    func changesHands(_ exposure: Exposure) -> Check {
        var failures: [String] = []
        var count = 0
        for (number, places) in byEntry.enumerated() where places.count > 1 {
            for (place, next) in zip(places, places.dropFirst()) {
                let (first, second) = (receipts[Int(place)], receipts[Int(next)])
                guard first.run != second.run, runs.indices.contains(Int(first.run)) else { continue }
                count += 1
                let run = runs[Int(first.run)]
                let hasEnded = (run.toldToEnd ?? run.endedAt).map { $0 <= second.received } ?? false
                guard !hasEnded, exposure.thawed[place] == nil, exposure.thawed[next] == nil,
                    !exposure.mayHaveBeenTaken(from: Int(first.run), by: second.received),
                    !exposure.wasReloaded(Int(first.run), from: first.received, to: second.received),
                    exposure.rereads(of: number, before: second.received).isEmpty
                else { continue }
                failures.append("taken from a living process: \(text(ofEntry: number))")
            }
        }
        return Check("nothing is taken from the living", "\(count) changes of the process", failures: failures)
    }

    /// When the sender knew how a request ended; `nil` if that cannot be told.
    func end(of receipt: Receipt) -> Moment? {
        let timeout = receipt.received + Settings.timeout
        if receipt.answered.nanoseconds > 0 { return min(receipt.answered, timeout) }
        guard receipt.answer == .hang || receipt.answer == .late else { return nil }
        // A receiver that closes its connections ends it sooner.
        let closed = faults.contains {
            $0.fault.kind.closesReceiver && $0.fault.target == Int(receipt.receiver) && $0.start <= timeout
                && receipt.received <= $0.end
        }
        return closed ? nil : timeout
    }
}
