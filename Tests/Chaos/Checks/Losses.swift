/// Whether everything arrived, and nothing else.
extension History {
    /// ok − accepted − dead letters = ∅. What Redis trimmed before anybody read it is a class of its own.
    func losses(_ exposure: Exposure) -> Check {
        let buried = Set(letters.compactMap(\.number))
        let trimmed = Set(faults.flatMap(\.trimmedUnread))
        var counts = (ok: 0, accepted: 0, thawed: 0, unread: 0, unknown: 0, recovered: 0)
        var lost: [String] = []
        for (number, entry) in entries.enumerated() {
            let isSettled = isAccepted(number) || buried.contains(number)
            switch entry.outcome {
            case .ok:
                counts.ok += 1
                if isAccepted(number) { counts.accepted += 1 }
                guard !isSettled else { continue }
                if trimmed.contains(entry.id) {
                    counts.unread += 1
                } else if byEntry[number].contains(where: { exposure.mayBeHeardLate(receipts[Int($0)]) }) {
                    counts.thawed += 1
                } else {
                    lost.append(text(ofEntry: number))
                }
            case .unknown:
                counts.unknown += 1
                if isSettled { counts.recovered += 1 }
            case .notSent, .failed: break
            }
        }
        return Check(
            "nothing lost",
            "\(counts.ok) added, \(counts.accepted) accepted, \(counts.thawed) by an answer that waited for a frozen bridge, "
                + "\(letters.count) dead letters, "
                + "\(counts.unread) trimmed unread, \(lost.count) lost; "
                + "of \(counts.unknown) whose XADD got no reply \(counts.recovered) came",
            failures: lost)
    }

    /// What was pending when it was trimmed is delivered all the same, or has a dead letter that says so.
    func trims() -> Check {
        let buried = Dictionary(grouping: letters.filter { $0.id != nil }, by: \.id)
        let pending = faults.flatMap(\.trimmedPending)
        var counts = (tombstones: 0, delivered: 0, buried: 0)
        var silent: [String] = []
        for id in pending {
            if let letter = buried[id]?.first {
                if letter.isTrimmed { counts.tombstones += 1 } else { counts.buried += 1 }
            } else if let number = numbers[id], isAccepted(number) {
                counts.delivered += 1
            } else {
                silent.append("\(id) was pending when it was trimmed, and nobody says what became of it")
            }
        }
        // A tombstone without a trim would be an excuse.
        let all = Set(pending).union(faults.flatMap(\.trimmedUnread))
        let invented = letters.filter { letter in letter.isTrimmed && letter.id.map { !all.contains($0) } ?? true }
        return Check(
            "what was trimmed while pending is told",
            "\(pending.count) trimmed while pending: \(counts.delivered) delivered all the same, "
                + "\(counts.tombstones) dead letters “trimmed”, \(counts.buried) dead for another reason",
            failures: silent + invented.map { "\($0.id?.description ?? "?") was never trimmed" })
    }

    /// Every request is an entry that was added, whole, signed, under its own id; so is every dead letter.
    func unexpected() -> Check {
        var wrong: [String] = []
        for (place, receipt) in receipts.enumerated() {
            let number = Int(receipt.entry)
            guard entries.indices.contains(number), [.ok, .unknown].contains(entries[number].outcome) else {
                wrong.append("not an entry that was added: \(text(place))")
                continue
            }
            if receipt.digest != entries[number].digest { wrong.append("another body: \(text(place))") }
            if !receipt.isSigned { wrong.append("not signed, or not now: \(text(place))") }
            if numbers[receipt.id] != number { wrong.append("another's id \(receipt.id): \(text(place))") }
            if entries[number].outcome == .ok, entries[number].id != receipt.id {
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
