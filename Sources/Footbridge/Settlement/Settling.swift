internal import Curl
internal import Logging
internal import RedisStreams
internal import Webhooks

/// What was decided of an entry, carried out.
extension RouteRunner {
    func settle(_ entry: HeldEntry, _ settlement: Verdict, lastAt: Int64, response: [UInt8] = []) {
        switch settlement {
        case .settle:
            counters.delivered += 1
            if !goneWithGroup.isEmpty { goneWithGroup.remove(entry.key) }
            settler.acknowledge(entry.key)
        case .retry(let delay, counts: true):
            counters.retried += 1
            settler.setAttempts(entry.attempt, of: entry.key)
            park(entry, attempts: entry.attempt, due: worker.loop.now + delay)
        case .retry(let delay, counts: false):
            settler.setAttempts(entry.attempt - 1, of: entry.key)
            park(entry, attempts: entry.attempt - 1, due: gate.probeTime ?? worker.loop.now + delay)
        case .repeatNow, .pauseWorker:
            settler.setAttempts(entry.attempt - 1, of: entry.key)
            park(entry, attempts: entry.attempt - 1, due: worker.loop.now + .seconds(1))
        case .deadLetter(let reason):
            settler.bury(
                DeadLetter(
                    key: entry.key, stream: config.streams[entry.key.stream], route: config.name, group: config.group,
                    consumer: worker.consumer, reason: reason, attempts: entry.attempt, firstAt: entry.firstAt,
                    lastAt: lastAt, response: response, fields: entry.fields,
                    isOwnerless: goneWithGroup.remove(entry.key) != nil))
        }
        worker.loop.atEndOfTurn(self)
    }

    /// A pending entry that is no longer in its stream cannot be delivered: its dead letter says that there was one.
    ///
    /// - Parameter consumer: whose entry it is.
    func buryTrimmed(_ key: EntryKey, of consumer: String, attempts: Int) {
        counters.trimmed += 1
        let added = Int64(clamping: key.id.milliseconds)
        settler.bury(
            DeadLetter(
                key: key, stream: config.streams[key.stream], route: config.name, group: config.group,
                consumer: consumer, reason: .trimmed, attempts: attempts, firstAt: added,
                lastAt: worker.loop.wallMilliseconds, response: [], fields: EntryFields([:]),
                isOwnerless: goneWithGroup.remove(key) != nil))
        worker.loop.atEndOfTurn(self)
    }

    func park(_ entry: HeldEntry, attempts: Int, due: MonotonicTime) {
        parked.insert(
            ParkedEntry(key: entry.key, due: due, attempts: Int32(clamping: attempts), firstAt: entry.firstAt))
    }

    /// Tells people of an endpoint that fails or answers again.
    func tell(_ change: EndpointHealth.Change) {
        switch change {
        case .fails(let outcome):
            logger.warning(
                "endpoint fails; its entries are retried",
                metadata: [LogKeys.endpoint: "\(config.webhook.endpoint)", LogKeys.reason: "\(outcome)"])
        case .answers:
            logger.notice("endpoint answers again", metadata: [LogKeys.endpoint: "\(config.webhook.endpoint)"])
        }
    }

    /// Tells people of a gate that opened or closed.
    func tell(_ state: RouteGate.State) {
        switch state {
        case .open: logger.notice("route goes on")
        case .held(_, _, let reason):
            logger.error(
                "route held: its entries are kept, one at a time tests the endpoint",
                metadata: [LogKeys.endpoint: "\(config.webhook.endpoint)", LogKeys.reason: "\(reason)"])
        case .paused:
            logger.error(
                "the endpoint is gone (410): route paused until the bridge restarts, its entries are kept",
                metadata: [LogKeys.endpoint: "\(config.webhook.endpoint)"])
        }
    }
}
