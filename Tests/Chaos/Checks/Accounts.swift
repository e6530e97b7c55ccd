/// What the bridges say of themselves, against what the ledgers know: a metric that lies is a defect.
extension History {
    /// Until the first fault all requests were answered with a status, in time, so that both sides know all.
    func calmAccounts() -> Check {
        let figures = runs.compactMap(\.calmFigures)
        let calm = receipts.filter { $0.received <= calmEnd }
        let numbers = 0..<calmEntries
        // What failed and is not among the dead letters was tried again, and so was what was refused the first time.
        let dead = letters.count { $0.number.map(numbers.contains) ?? false }
        let exhausted = letters.count { $0.number.map(numbers.contains) ?? false && $0.reason.hasPrefix("exhausted") }
        let failed = calm.count(where: \.answer.fails) - exhausted
        let refusedBefore = max(0, calm.count { $0.answer == .status422 } - (dead - exhausted))
        let read = entries[numbers].count { $0.outcome.isOwed }
        let accepted = calm.count(where: \.isAccepted)
        var counters: [(name: String, expected: ClosedRange<Int>)] = [
            ("entries_read_total", read...read), ("entries_delivered_total", accepted...accepted),
            ("delivery_duration_seconds_count", accepted...accepted),
            ("attempts_retried_total", failed...(failed + refusedBefore)), ("entries_dead_lettered_total", dead...dead),
        ]
        counters += [
            "entries_taken_over_total", "entries_resumed_total", "entries_lost_ownership_total",
            "entries_trimmed_total",
            "entries_trimmed_unread_total", "acknowledgements_without_effect_total", "redis_reconnects_total",
        ].map { ($0, 0...0) }
        var failures = figures.count == Settings.bridges ? [] : ["only \(figures.count) bridges told their metrics"]
        for (name, expected) in counters {
            let sum = figures.reduce(0) { $0 + ($1[name] ?? -1) }
            if !expected.contains(sum) { failures.append("\(name): \(sum), by the ledgers \(expected)") }
        }
        failures += figures.flatMap(atRest)
        return Check(
            "metrics equal the ledgers after the calm beginning",
            counters.prefix(5).map { "\($0.expected.upperBound) \($0.name)" }.joined(separator: ", "),
            failures: failures)
    }

    /// Counters end with their process, so that only those count that told them at their end.
    ///
    /// - A 2xx that came in time is one delivered, a failure that came before the last attempt one retried. A bridge that was
    ///   frozen may have met its own timeout first, and attempts that met a closed port are in no receiver's ledger: there
    ///   the count may be off, by as many as were open, or upwards.
    /// - A dead letter is one that the log names, and that stands in Redis.
    func accounts(_ exposure: Exposure, _ replays: History) -> Check {
        var failures: [String] = []
        var (lives, exact, delivered, retried, dead) = (0, 0, 0, 0, 0)
        let again = replays.tallies(Exposure(replays))
        let all = tallies(exposure).merging(again) { $0 + $1 }
        for (number, tally) in all.sorted(by: { $0.key < $1.key }) {
            let run = runs[number]
            guard let told = run.lastWords else { continue }
            lives += 1
            (delivered, retried, dead) = (delivered + told.delivered, retried + told.retried, dead + told.dead)
            if tally.isExact { exact += 1 }
            let name = "run \(number)"
            if !tally.delivered.contains(told.delivered) {
                failures.append("\(name): \(told.delivered) delivered, by the ledger \(tally.delivered)")
            }
            if told.retried < tally.failed || (tally.isExact && !tally.retried.contains(told.retried)) {
                failures.append("\(name): \(told.retried) retried, by the ledger \(tally.retried)")
            }
            let buried = Set(run.buried)
            // What was replayed may be given up by the same process twice.
            let twice = Dictionary(grouping: run.buried, by: \.self).filter { $1.count > 1 }.map(\.key)
            if told.dead < run.buried.count || !replays.letterIDs.isSuperset(of: twice)
                || run.buried.count > buried.count + twice.count
                || !buried.isSubset(of: letterIDs.union(replays.letterIDs))
            {
                failures.append("\(name): \(told.dead) dead, the log names \(buried.count)")
            }
            guard let end = run.endFigures else { continue }
            let pairs = [
                ("entries_delivered_total", told.delivered), ("delivery_duration_seconds_count", told.delivered),
                ("attempts_retried_total", told.retried), ("entries_dead_lettered_total", told.dead),
            ]
            for (metric, expected) in pairs where end[metric] != expected {
                failures.append("\(name): \(metric) \(end[metric] ?? -1), by its log \(expected)")
            }
            failures += atRest(end).map { "\(name): \($0)" }
        }
        let atEnd = runs.count { $0.endFigures != nil }
        if atEnd != Settings.bridges { failures.append("only \(atEnd) bridges told their metrics at the end") }
        return Check(
            "metrics and logs agree with the ledgers over whole lives",
            "\(lives) processes that ended in good order, \(exact) of them to the last request: "
                + "\(delivered) delivered, \(retried) retried, \(dead) dead",
            failures: failures)
    }

    /// Nothing is owed, so nothing may be said to be.
    private func atRest(_ figures: Figures) -> [String] {
        let zero = ["requests_in_flight", "entries_queued", "entries_parked", "stream_pending_entries"]
        var wrong = zero.filter { figures[$0] != 0 }
        // Redis does not know the lag after deletions in the middle of a stream.
        wrong += ["stream_lag_entries", "stream_oldest_unsettled_age_seconds"].filter { figures[$0] ?? 0 != 0 }
        if figures["redis_up"] != 1 { wrong.append("redis_up") }
        return wrong.map { "\($0): \(figures[$0].map(String.init) ?? "absent") at rest" }
    }

    fileprivate var letterIDs: Set<EntryID> { Set(letters.compactMap(\.toldID)) }

    /// What the ledger knows of the requests of one process.
    fileprivate struct Tally {
        var accepted = 0
        /// It may or may not have known the answer.
        var open = 0
        /// Attempts that failed and were not the last.
        var failed = 0
        /// Refusals behind which another attempt came.
        var refused = 0
        /// Whether every attempt came to the receiver, and every answer to the process.
        var isExact = true

        static func + (left: Tally, right: Tally) -> Tally {
            Tally(
                accepted: left.accepted + right.accepted, open: left.open + right.open,
                failed: left.failed + right.failed, refused: left.refused + right.refused,
                isExact: left.isExact && right.isExact)
        }

        var delivered: ClosedRange<Int> { accepted...(accepted + open) }
        var retried: ClosedRange<Int> { failed...(failed + refused) }
    }

    fileprivate func tallies(_ exposure: Exposure) -> [Int: Tally] {
        var tallies: [Int: Tally] = [:]
        for run in runs.indices { tallies[run] = Tally(isExact: isExact(run)) }
        let dead = Dictionary(
            letters.compactMap { letter in letter.number.map { ($0, letter.isTrimmed) } },
            uniquingKeysWith: { $0 && $1 })
        for (number, all) in byEntry.enumerated() {
            for (run, places) in Dictionary(grouping: all, by: { Int(receipts[Int($0)].run) }) {
                for place in places {
                    let receipt = receipts[Int(place)]
                    // The last attempt of what was given up is not followed by another.
                    let isLast = place == all.last && dead[number] == false
                    if receipt.answer.accepts, !receipt.isAccepted || exposure.mayBeUnheard(Int(place)) {
                        tallies[run]?.open += 1
                        tallies[run]?.isExact = false
                    } else if receipt.isAccepted {
                        tallies[run]?.accepted += 1
                    } else if receipt.answer == .status422 {
                        if !isLast { tallies[run]?.refused += 1 }
                    } else if !isLast {
                        tallies[run]?.failed += 1
                    }
                }
            }
        }
        return tallies
    }

    private func isExact(_ run: Int) -> Bool {
        !faults.contains { record in
            let isHit =
                record.fault.kind.closesReceiver ? record.fault.target == runs[run].bridge : record.runs.contains(run)
            let isThen = record.end >= runs[run].startedAt && record.start <= runs[run].endedAt ?? .now
            return isHit && isThen && (record.fault.kind.closesReceiver || record.fault.kind == .freeze)
        }
    }
}
