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
        var room = min(window / 2 - queue.retries - retriesInFlight - fetching.count, window - held)
        if gate.state != .open {
            room = min(room, queue.isEmpty ? gate.allowance(inFlight: inFlight + fetching.count, now: now) : 0)
        }
        var batches: [Int: [ParkedEntry]] = [:]
        while room > 0, let entry = parked.takeDue(now) {
            batches[entry.key.stream, default: []].append(entry)
            settler.forgetAttempts(of: entry.key)
            room -= 1
        }
        for (stream, batch) in batches {
            for entry in batch { fetching[entry.key] = entry }
            let command = StreamCommand<[StreamEntry]>.claim(
                batch.map(\.key.id), stream: config.streams[stream], group: config.group, consumer: worker.consumer)
            connection.send(command) { [unowned self] in fetched(batch, $0) }
        }
    }

    private func fetched(_ batch: [ParkedEntry], _ result: Result<[StreamEntry], RedisError>) {
        for entry in batch { fetching[entry.key] = nil }
        worker.loop.atEndOfTurn(self)
        switch result {
        case .success(let entries):
            let bodies = Dictionary(entries.map { ($0.id, $0.fields) }, uniquingKeysWith: { first, _ in first })
            for parked in batch {
                guard let fields = bodies[parked.key.id] else {
                    if readers[parked.key.stream].missedGroup {
                        self.parked.insert(parked)
                        continue
                    }
                    // Acknowledged by somebody else, or no longer in the stream: nothing is left to deliver.
                    counters.lostOwnership += 1
                    logger.warning("a waiting entry is gone from Redis", metadata: [LogKeys.entry: "\(parked.key.id)"])
                    continue
                }
                fetched(parked, fields)
            }
        case .failure:
            // They may or may not have been claimed; they are ours in either case.
            let again = worker.loop.now + .seconds(1)
            for entry in batch {
                // Redis may have counted an attempt that will not be made.
                settler.setAttempts(Int(entry.attempts), of: entry.key)
                parked.insert(ParkedEntry(key: entry.key, due: again, attempts: entry.attempts, firstAt: entry.firstAt))
            }
        }
    }

    private func fetched(_ parked: ParkedEntry, _ fields: EntryFields) {
        let attempts = Int(parked.attempts)
        if isDraining { return settler.setAttempts(attempts, of: parked.key) }
        let entry = HeldEntry(key: parked.key, fields: fields, attempt: attempts + 1, firstAt: parked.firstAt)
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
