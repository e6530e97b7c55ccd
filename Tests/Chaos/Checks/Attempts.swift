/// The numbers of attempts, and the waits between them.
extension History {
    /// The first attempt is 1 and each further one is the next number, whoever makes it.
    func attemptsRise(_ exposure: Exposure) -> Check {
        let unseen = Unseen(self)
        var failures: [String] = []
        var (highest, across, anew, forgotten, missing) = (0, 0, 0, 0, 0)
        var byFault: [Int: Int] = [:]
        var examples: [Int: Int] = [:]
        var entry = 0
        /// Puts missing numbers down to the faults that may have swallowed them.
        func explain(_ count: Int, from start: Moment, to end: Moment, isTimeKnown: Bool = true) -> Bool {
            var left = count
            // Where several faults may have done it, those that have not swallowed as many as they can.
            let faults = unseen.faults(from: start, to: end)
            let isFull = { byFault[$0, default: 0] >= mostUnseen(by: $0) }
            let ordered = faults.filter { !isFull($0.fault) } + faults.filter { isFull($0.fault) }
            for (fault, most) in ordered where left > 0 {
                if isTimeKnown {
                    byFault[fault, default: 0] += min(left, most)
                    examples[fault] = entry
                }
                left -= most
            }
            missing += count
            return left <= 0
        }
        for (number, places) in byEntry.enumerated() {
            entry = number
            // What a frozen bridge had begun leaves it late: others have made further attempts meanwhile.
            let places = places.filter { exposure.thawed[$0] == nil }
            guard let first = places.first.map({ receipts[Int($0)] }) else { continue }
            // Where Redis' clock was moved, an id does not tell which fault came after its entry.
            let isTimeKnown = !faults.contains { $0.fault.kind == .redisClock }
            let missed = Int(first.attempt) - 1
            if missed < 0 || !explain(missed, from: added(first.id), to: first.received, isTimeKnown: isTimeKnown) {
                failures.append("does not begin with 1: \(text(ofEntry: number))")
            }
            for (place, next) in zip(places, places.dropFirst()) {
                let (first, second) = (receipts[Int(place)], receipts[Int(next)])
                if first.run != second.run { across += 1 }
                // Who holds an entry knows its attempts; who reads it anew or takes it over knows what Redis does.
                let goesByRedis = second.attempt == 1 || first.run != second.run
                if second.attempt > first.attempt {
                    let count = Int(second.attempt - first.attempt) - 1
                    if !explain(count, from: first.received, to: second.received) {
                        failures.append("a gap: \(text(ofEntry: number))")
                    }
                } else if first.run != second.run, min(first.attempt, second.attempt) >= Settings.attempts {
                    // Redis is told of no more than those that cost an attempt.
                    forgotten += 1
                } else if second.attempt == first.attempt, first.run != second.run,
                    exposure.fault(of: Int(place), repeatedBy: second) != nil
                {
                    // Repeated at once, and what Redis was to be told of it went with the connection or the process.
                    forgotten += 1
                } else if goesByRedis, !exposure.rereads(of: number, before: second.received).isEmpty {
                    anew += 1
                } else if goesByRedis, exposure.isForgotten(Int(place), by: second.received) {
                    forgotten += 1
                } else {
                    failures.append("does not rise: \(text(ofEntry: number))")
                }
            }
            highest = max(highest, places.map { Int(receipts[Int($0)].attempt) }.max() ?? 0)
        }
        for (fault, count) in byFault where faults[fault].fault.kind != .refuse {
            let most = mostUnseen(by: fault)
            if count > most {
                failures.append(
                    "\(count) numbers are missing by \(faults[fault].fault), more than \(most); "
                        + text(ofEntry: examples[fault] ?? 0))
            }
        }
        return Check(
            "attempts rise one by one across instances",
            "up to \(highest), \(across) times on another process than before, \(anew) began anew with their group, "
                + "\(forgotten) forgotten by a master that died, \(missing) swallowed by faults",
            failures: failures)
    }

    /// A window that was read ahead; and where connections end, the one that was read on the next of them.
    private func mostUnseen(by fault: Int) -> Int {
        let reads = faults[fault].fault.kind.cutsRedis ? 2 : 1
        return reads * window * max(1, faults[fault].runs.count)
    }

    /// No entry has more attempts than `retry.attempts`, and the one that is made when others pass again.
    func attemptsEnd() -> Check {
        var failures: [String] = []
        var most = 0
        var accepted: [[Moment]] = Array(repeating: [], count: runs.count)
        for receipt in allReceipts where receipt.isAccepted && runs.indices.contains(Int(receipt.run)) {
            accepted[Int(receipt.run)].append(receipt.received)
        }
        for number in byEntry.indices where byEntry[number].count > Settings.attempts {
            // Asked to wait (429), or a probe of an endpoint that takes nothing from this process: these cost no attempt.
            let charged = receipts(of: number).count { receipt in
                guard receipt.answer != .status429, runs.indices.contains(Int(receipt.run)) else { return false }
                let times = accepted[Int(receipt.run)]
                let next = times.partitioningIndex { $0 >= receipt.received - 0.25 }
                return times.indices.contains(next) && times[next] < receipt.received
            }
            most = max(most, charged)
            // One more in each process: what others refused before it, it does not know.
            let most = Settings.attempts + Set(receipts(of: number).map(\.run)).count
            if charged > most { failures.append("\(charged) attempts: \(text(ofEntry: number))") }
        }
        return Check(
            "attempts end", "up to \(most) that cost one, of entries with more than \(Settings.attempts) requests",
            failures: failures)
    }

    /// The wait before each retry is what backoff and Retry-After ask for, at least, whoever makes it: the due time stands in
    /// Redis.
    func retryLaw(_ exposure: Exposure) -> Check {
        var failures: [String] = []
        var (count, across, atOnce, shortest) = (0, 0, 0, Double.infinity)
        for (number, places) in byEntry.enumerated() {
            var wasRepeated = false
            for (place, next) in zip(places, places.dropFirst()) {
                let (first, second) = (receipts[Int(place)], receipts[Int(next)])
                // Another process, or the same after it has read the entry anew.
                if first.run != second.run || second.attempt <= first.attempt { wasRepeated = false }
                guard second.attempt == first.attempt + 1, !first.isAccepted, let end = end(of: first),
                    exposure.thawed[place] == nil, exposure.thawed[next] == nil
                else { continue }
                // An attempt that its process did not see the end of has left no due time.
                if first.run != second.run, exposure.mayBeUnsettled(Int(place)) { continue }
                let gap = second.received - end
                // Requests that were answered 429 have numbers and are not charged.
                let free = places.count { $0 <= place && receipts[Int($0)].answer == .status429 }
                var least = Self.wait(afterAttempt: Int(first.attempt) - free) * (1 - Settings.backoff.jitter)
                // Who asks for a pause says how long, whatever the schedule says. Another process learns that by itself.
                if first.answer == .status429, first.run == second.run,
                    !exposure.wasReloaded(Int(first.run), from: first.received, to: second.received)
                {
                    least = Double(Settings.retryAfter)
                }
                // The sender's clock starts before the request is here; that counts most where its own timeout is the end.
                let margin = first.answer == .late || first.answer == .hang ? 0.15 : 0.05
                let isSoon = gap < least - margin
                if isSoon, !wasRepeated, mayBeRepeatedAtOnce(first, second) {
                    wasRepeated = true
                    atOnce += 1
                    continue
                }
                wasRepeated = false
                if isSoon, first.run == second.run, first.answer != .status429 {
                    // Nor are probes that failed while the process took its receiver for down, and the one by which it did.
                    let probes = places.count { earlier in
                        let receipt = receipts[Int(earlier)]
                        return earlier <= place && receipt.run == first.run && receipt.answer != .status429
                            && wasDown(receipt.run, from: receipt.received, to: receipt.received + 1)
                    }
                    let wait = Self.wait(afterAttempt: max(1, Int(first.attempt) - free - probes))
                    if gap >= wait * (1 - Settings.backoff.jitter) - margin { continue }
                }
                // What waits for an endpoint that took nothing goes when it takes something again.
                if isSoon,
                    [first.run, second.run].contains(where: { wasDown($0, from: first.received, to: second.received) })
                {
                    continue
                }
                count += 1
                if first.run != second.run { across += 1 }
                shortest = min(shortest, gap / least)
                if isSoon { failures.append("after \(gap) s, not \(least): \(text(ofEntry: number))") }
            }
        }
        return Check(
            "retries wait as the schedule says",
            "\(count) waits, \(across) of them across processes, the shortest "
                + "\(count == 0 ? "-" : "\(Int(shortest * 100)) %") of the least; \(atOnce) repeated at once",
            failures: failures)
    }

    /// A refusal is asked for once more, and a kept connection that ended without an answer tells nothing of the receiver:
    /// both are repeated once, on another connection.
    private func mayBeRepeatedAtOnce(_ first: Receipt, _ second: Receipt) -> Bool {
        guard first.run == second.run, first.connection != second.connection else { return false }
        return first.answer == .status422 || (first.sent.nanoseconds == 0 && first.earlier > 0)
    }

    /// Whether a process may have taken its receiver for down: it was refused five times in a row or more, and nothing was
    /// accepted for as long as the first probe waits.
    private func wasDown(_ run: Int32, from start: Moment, to end: Moment) -> Bool {
        // Requests that found nobody have left no receipts.
        let isRefused = faults.contains { record in
            record.fault.kind == .refuse && record.start <= end && record.end + 2 >= start
        }
        if isRefused { return true }
        var (refused, quietSince) = (0, Moment?.none)
        for place in byRun[run] ?? [] {
            let receipt = allReceipts[Int(place)]
            if receipt.received > end { break }
            if receipt.isAccepted {
                if refused >= 5, receipt.received >= start, let quietSince, receipt.received - quietSince >= 0.75 {
                    return true
                }
                (refused, quietSince) = (0, receipt.received)
            } else if receipt.answer != .status429 {
                refused += 1
                if quietSince == nil { quietSince = receipt.received }
            }
        }
        return refused >= 5 && quietSince.map { end - $0 >= 0.75 } ?? false
    }

    private static func wait(afterAttempt attempt: Int) -> Double {
        var wait = Settings.backoff.initial
        for _ in 1..<max(2, attempt) where attempt > 1 { wait *= Settings.backoff.factor }
        return min(wait, Settings.backoff.maximum)
    }
}

extension Array {
    /// The first place for which the condition holds, which has to hold for all behind it, too; `count` if there is none.
    func partitioningIndex(_ condition: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
