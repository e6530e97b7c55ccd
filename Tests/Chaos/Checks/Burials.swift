/// Whether what was given up had to be: each dead letter against what the receivers saw.
extension History {
    /// Its reason, its status and its attempts happened.
    func burials(_ exposure: Exposure) -> Check {
        let unseen = Unseen(self)
        var failures: [String] = []
        var reasons: [String: Int] = [:]
        for letter in letters where !letter.isTrimmed {
            guard let number = letter.number, entries.indices.contains(number) else { continue }
            reasons[letter.reason, default: 0] += 1
            let receipts = receipts(of: number)
            guard let first = receipts.first, let last = receipts.last else {
                failures.append("\(letter.text) without one request: \(text(ofEntry: number))")
                continue
            }
            let lost = unseen.count(from: added(first.id), to: last.received + Settings.claimAfter * 3)
            let wrong = wrongCause(letter, receipts, exposure) ?? wrongCount(letter, receipts, exposure, unseen: lost)
            if let wrong { failures.append("\(letter.text) \(wrong): \(text(ofEntry: number))") }
        }
        let text = reasons.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return Check("dead letters are justified by receipts", text.isEmpty ? "none" : text, failures: failures)
    }

    /// What is wrong with the reason and the status, if anything is.
    private func wrongCause(_ letter: DeadLetter, _ receipts: [Receipt], _ exposure: Exposure) -> String? {
        let words = letter.reason.split(separator: ": ").map(String.init)
        guard words.count == 2, ["rejected", "exhausted"].contains(words[0]) else { return "for no reason of this run" }
        let (kind, cause) = (words[0], words[1])
        let status = cause.hasPrefix("http_") ? Int(cause.dropFirst(5)) : nil
        if letter.status != status { return "with the status \(letter.status.map(String.init) ?? "-")" }
        if kind == "rejected" {
            return receipts.last?.answer.status == status ? nil : "though the last answer was another"
        }
        if status == 422 { return "though a refusal is no outage" }
        let last = receipts[receipts.count - 1]
        let refused = faults.contains {
            $0.fault.kind.closesReceiver && $0.fault.target == Int(last.receiver)
                && $0.end >= last.received - Settings.timeout
        }
        let happened =
            switch cause {
            case "timeout": [.hang, .late, .slow].contains(last.answer) || last.sent - last.received > 0.5
            case "reset", "transport": [.reset, .half].contains(last.answer) || refused
            case "refused": refused
            case "instance_lost":
                exposure.isAbandoned(Int(byEntry[Int(last.entry)].last ?? 0))
                    || faults.contains { $0.fault.kind.endsProcess && $0.end >= last.received }
            default: status != nil && last.answer.status == status
            }
        return happened ? nil : "though the last attempt did not end like that"
    }

    /// What is wrong with the attempts, if anything is.
    private func wrongCount(
        _ letter: DeadLetter, _ receipts: [Receipt], _ exposure: Exposure, unseen: Int
    ) -> String? {
        let highest = Int(receipts.map(\.attempt).max() ?? 0)
        // Asked to wait (429) it costs no attempt.
        let charged = receipts.count { $0.answer != .status429 }
        if letter.attempts > highest + unseen { return "though the highest attempt was \(highest)" }
        // The last may be one that only the process knew of that made it: its way to Redis was cut off, and then it was lost.
        let isLastCounted =
            !letter.reason.hasSuffix("instance_lost")
            || !exposure.isAbandoned(Int(byEntry[Int(receipts[0].entry)].last ?? 0))
        if letter.attempts < min(charged, highest) - (isLastCounted ? 0 : 1) { return "though there were \(charged)" }
        guard letter.reason.hasPrefix("exhausted") else { return nil }
        return charged + unseen < Settings.attempts ? "after \(charged) that count, not \(Settings.attempts)" : nil
    }

    /// A refusal may be what is left of another request on a kept connection: it counts when a fresh one brings it again.
    func refusals() -> Check {
        let unseen = Unseen(self)
        var failures: [String] = []
        var count = 0
        for letter in letters where letter.reason.hasPrefix("rejected") {
            guard let number = letter.number, entries.indices.contains(number), !byEntry[number].isEmpty else {
                continue
            }
            count += 1
            let last = receipts(of: number).suffix(2)
            let isConfirmed =
                last.count == 2 && last.allSatisfy { $0.answer == .status422 } && last.last?.earlier == 0
                && last.first?.connection != last.last?.connection
            let start = last.first?.received ?? calmEnd
            // One of both may have met a fault.
            if !isConfirmed, unseen.count(from: start, to: start + 0.5) == 0 {
                failures.append("refused once, \(letter.text): \(text(ofEntry: number))")
            }
        }
        return Check("refusals are tried once more, on a fresh connection", "\(count) refused", failures: failures)
    }

    static let scapegoat = "nothing is given up by a receiver that takes nothing"

    /// Nothing is given up by an endpoint that takes nothing: the receiver accepted another after this one had failed.
    func scapegoats() -> Check {
        var accepted: [Int: [(time: Moment, entry: Int32)]] = [:]
        for receipt in allReceipts where receipt.isAccepted {
            accepted[Int(receipt.receiver), default: []].append((receipt.received, receipt.entry))
        }
        var failures: [String] = []
        for letter in letters where !letter.isTrimmed {
            guard let number = letter.number, entries.indices.contains(number) else { continue }
            let failed = receipts(of: number).filter { !$0.isAccepted }
            guard let last = failed.last else { continue }
            let others = failed.contains { receipt in
                let all = accepted[Int(receipt.receiver)] ?? []
                // It is buried at once after its last attempt, or after the next time that the endpoint passes.
                let next = all.partitioningIndex { $0.time > receipt.received }
                return all[next...].prefix(2).contains { other in
                    Int(other.entry) != number && other.time <= last.received + Settings.claimAfter * 3
                }
            }
            if !others {
                failures.append("\(letter.text), and its receiver took nothing else: \(text(ofEntry: number))")
            }
        }
        return Check(
            Self.scapegoat, "\(letters.count) dead letters", failures: failures)
    }
}
