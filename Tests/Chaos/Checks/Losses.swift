/// Whether everything arrived, and nothing else.
extension History {
    /// ok − accepted − dead letters = ∅. What Redis trimmed before anybody read it is a class of its own.
    func losses(_ exposure: Exposure) -> Check {
        let buried = Set(letters.compactMap(\.number))
        let trimmed = Set(faults.flatMap(\.trimmedUnread))
        let flushed = Set(faults.flatMap(\.flushed))
        var counts = (ok: 0, accepted: 0, unread: 0, flushed: 0, unknown: 0, found: 0)
        var thawed: [Int: Int] = [:]
        var lost: [String] = []
        for (number, entry) in entries.enumerated() {
            let isSettled = isAccepted(number) || buried.contains(number)
            switch entry.outcome {
            case .ok, .found:
                counts.ok += 1
                if entry.outcome == .found { counts.found += 1 }
                if isAccepted(number) { counts.accepted += 1 }
                guard !isSettled else { continue }
                if trimmed.contains(entry.id) {
                    counts.unread += 1
                } else if flushed.contains(entry.id) {
                    counts.flushed += 1
                } else if let freeze = receipts(of: number).lazy.compactMap(exposure.freezeThatHeardLate).first {
                    thawed[freeze, default: 0] += 1
                } else {
                    lost.append(text(ofEntry: number))
                }
            case .unknown:
                counts.unknown += 1
            case .notSent, .failed: break
            }
        }
        let late = thawed.values.reduce(0, +)
        for (freeze, count) in thawed where count > inFlight * faults[freeze].runs.count {
            lost.append("\(count) said to be heard late after \(faults[freeze].fault), more than \(inFlight) under way")
        }
        return Check(
            "nothing lost",
            "\(counts.ok) added, \(counts.accepted) accepted, \(late) by an answer that waited for a frozen bridge, "
                + "\(letters.count) dead letters, "
                + "\(counts.unread) trimmed unread, \(counts.flushed) flushed, \(lost.count) lost; "
                + "of \(counts.found + counts.unknown) whose XADD got no reply the stream had \(counts.found)",
            failures: lost)
    }

    /// What was pending when it was trimmed is delivered all the same, or has a dead letter that says so.
    func trims() -> Check {
        let buried = Dictionary(grouping: letters.filter { $0.id != nil }, by: \.id)
        let pending = faults.flatMap(\.trimmedPending)
        let flushed = Set(faults.flatMap(\.flushed))
        var counts = (tombstones: 0, delivered: 0, buried: 0, flushed: 0)
        var silent: [String] = []
        for id in pending {
            if let letter = buried[id]?.first {
                if letter.isTrimmed { counts.tombstones += 1 } else { counts.buried += 1 }
            } else if let number = numbers[id], isAccepted(number) {
                counts.delivered += 1
            } else if flushed.contains(id) {
                counts.flushed += 1
            } else {
                silent.append("\(id) was pending when it was trimmed, and nobody says what became of it")
            }
        }
        // A tombstone without a trim would be an excuse.
        let all = Set(pending).union(faults.flatMap { $0.trimmedUnread + $0.flushed + $0.dropped })
        let invented = letters.filter { letter in
            guard letter.isTrimmed else { return false }
            guard let id = letter.id else { return true }
            return !all.contains(id) && !(letter.number.map(wasHeldUnawares) ?? false)
        }
        return Check(
            "what was trimmed while pending is told",
            "\(pending.count) trimmed while pending: \(counts.delivered) delivered all the same, "
                + "\(counts.tombstones) dead letters “trimmed”, \(counts.buried) dead for another reason",
            failures: silent + invented.map { "\($0.id?.description ?? "?") was never trimmed" })
    }

    /// Whether all was deleted while a process was cut off, or frozen, for so long that others had taken this entry from it:
    /// nothing is left that could tell it so, and its entry is gone.
    func wasHeldUnawares(_ number: Int) -> Bool {
        faults.contains { flush in
            guard flush.fault.kind == .flushAll else { return false }
            return receipts(of: number).contains { receipt in
                receipt.received < flush.start && !receipt.isAccepted
                    && faults.contains { fault in
                        (fault.fault.kind == .freeze || fault.fault.kind.cutsRedis)
                            && fault.runs.contains(Int(receipt.run)) && receipt.received <= fault.end
                            && flush.start - fault.start >= Exposure.silence
                            && flush.start <= fault.end + Exposure.reconnecting
                    }
            }
        }
    }

    /// Whether a fault has moved the clock of this process.
    private func hasMovedClock(_ run: Int) -> Bool {
        faults.contains { $0.fault.kind == .bridgeClock && $0.runs.contains(run) }
    }

    /// Every request is an entry that was added, whole, signed, under its own id; so is every dead letter.
    func unexpected() -> Check {
        var wrong: [String] = []
        for (place, receipt) in receipts.enumerated() {
            let number = Int(receipt.entry)
            guard entries.indices.contains(number),
                entries[number].outcome.isOwed || entries[number].outcome == .unknown
            else {
                wrong.append("not an entry that was added: \(text(place))")
                continue
            }
            if receipt.digest != entries[number].digest { wrong.append("another body: \(text(place))") }
            if !receipt.isSigned { wrong.append("not signed: \(text(place))") }
            let age = abs(Int(receipt.second) - Int(receipt.timestamp))
            if age > 30, !hasMovedClock(Int(receipt.run)) { wrong.append("signed \(age) s ago: \(text(place))") }
            if numbers[receipt.id] != number { wrong.append("another's id \(receipt.id): \(text(place))") }
            if entries[number].outcome.isOwed, entries[number].id != receipt.id {
                wrong.append("not its id \(receipt.id): \(text(place))")
            }
        }
        for letter in letters {
            guard let number = letter.number, entries.indices.contains(number) else {
                wrong.append("a dead letter of no entry: \(letter)")
                continue
            }
            if let digest = letter.digest, digest != entries[number].digest { wrong.append("another's: \(letter)") }
            if letter.digest == nil, !letter.isTrimmed { wrong.append("without fields: \(letter)") }
        }
        return Check("nothing unexpected", "\(receipts.count) requests, \(letters.count) dead letters", failures: wrong)
    }
}
