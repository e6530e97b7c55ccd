internal import Curl
internal import Logging
internal import Redis
internal import RedisStreams

/// Entries that waited for their next attempt come back.
extension RouteRunner {
    /// Fetches entries that are due, in batches, into at most half of the window: retries and fresh entries cannot starve
    /// each other.
    func fetchDue() {
        guard let connection = worker.commands.connection else { return }
        let now = worker.loop.now
        var room = min(max(1, window / 2) - queue.retries - retriesInFlight - fetching.count, window - held)
        if gate.state != .open {
            room = min(room, queue.isEmpty ? gate.allowance(inFlight: inFlight + fetching.count, now: now) : 0)
        }
        if isFresh {
            guard now - fetchedAt >= BacklogPace.interval else { return }
            room = min(room, BacklogPace.portion)
        }
        var batches: [Int: [ParkedEntry]] = [:]
        while room > 0, let entry = parked.takeDue(now) {
            batches[entry.key.stream, default: []].append(entry)
            settler.forgetAttempts(of: entry.key)
            room -= 1
        }
        if !batches.isEmpty { fetchedAt = now }
        for (stream, batch) in batches {
            for portion in batch.portions(of: PendingScript<FetchedEntries>.portion) {
                fetch(Array(portion), of: stream, on: connection)
            }
        }
    }

    /// Whether fresh entries came in lately.
    var isFresh: Bool { worker.loop.now - freshAt < BacklogPace.patience }

    private func fetch(_ batch: [ParkedEntry], of stream: Int, on connection: RedisConnection) {
        for entry in batch { fetching[entry.key] = entry }
        let script = PendingScript.fetch(
            batch.map { ($0.key.id, Int($0.attempts) + 1) }, stream: config.streams[stream], group: config.group,
            consumer: worker.consumer)
        connection.send(script) { [unowned self] in fetched(batch, $0) }
    }

    private func fetched(_ batch: [ParkedEntry], _ result: Result<FetchedEntries, RedisError>) {
        for entry in batch { fetching[entry.key] = nil }
        worker.loop.atEndOfTurn(self)
        switch result {
        case .success(let fetched):
            let bodies = Dictionary(fetched.entries, uniquingKeysWith: { first, _ in first })
            guard let stream = batch.first?.key.stream else { return }
            if !fetched.entries.isEmpty { settler.attemptsAreCounted(of: stream) }
            // In another group than before none of them is ours, until they are put back.
            let isDoubtful = fetched.entries.count < fetched.looked && isAnother(fetched.mark, stream)
            for (index, waiting) in batch.enumerated() {
                if index >= fetched.looked {
                    parked.insert(waiting)
                } else if let fields = bodies[waiting.key.id] {
                    returned(waiting, fields)
                } else if goneWithGroup.contains(waiting.key) {
                    buryTrimmed(waiting.key, of: worker.consumer, attempts: Int(waiting.attempts))
                } else if isDoubtful {
                    parked.insert(waiting.again(at: worker.loop.now + .seconds(1)))
                } else {
                    // Another instance has it, or it was acknowledged: nothing is left to deliver.
                    counters.lostOwnership += 1
                    logger.notice(
                        "a waiting entry is not ours any more", metadata: [LogKeys.entry: "\(waiting.key.id)"])
                }
            }
            // Now that they wait again: what is held goes back into the group.
            if isDoubtful, let connection = worker.commands.connection { meet(fetched.mark, stream, on: connection) }
        case .failure:
            // They may or may not have been claimed; they are ours in either case.
            let again = worker.loop.now + .seconds(1)
            for entry in batch {
                // Redis may have counted an attempt that will not be made.
                settler.setAttempts(Int(entry.attempts), of: entry.key)
                parked.insert(entry.again(at: again))
            }
        }
    }

    private func returned(_ parked: ParkedEntry, _ fields: EntryFields?) {
        let attempts = Int(parked.attempts)
        guard let fields else { return buryTrimmed(parked.key, of: worker.consumer, attempts: attempts) }
        note(fields)
        let entry = HeldEntry(key: parked.key, fields: fields, attempt: attempts + 1, firstAt: parked.firstAt)
        if isDraining {
            settler.setAttempts(attempts, of: entry.key)
            return park(entry, attempts: attempts, due: worker.loop.now)
        }
        if attempts >= config.retry.attempts {
            // Begun that often by instances that did not live to tell.
            var last = entry
            last.attempt = attempts
            settle(last, .deadLetter(.exhausted(nil)), lastAt: WallClock.milliseconds)
        } else {
            queue.append(entry)
        }
    }
}

extension Collection where Index == Int {
    /// The elements in their order, in slices of at most `count`.
    func portions(of count: Int) -> [SubSequence] {
        stride(from: startIndex, to: endIndex, by: count).map { self[$0..<Swift.min($0 + count, endIndex)] }
    }
}
