internal import Curl
internal import Logging
internal import RESP
internal import Redis
internal import RedisStreams

/// Shows that this consumer lives, and takes over the entries of those that do not.
///
/// A consumer is dead when it has been silent for `claim_after`. Its entries are moved in portions (`PendingScript.move`) that
/// keep attempt counts and delivery times, so that each entry is due when it would have been.
extension RouteRunner {
    /// Begins the rounds: a quarter of `claim_after` apart, sooner when a silent consumer is about to count as dead.
    func startRounds() {
        scheduleRound(after: .zero)
    }

    private var interval: Duration { config.claimAfter / 4 }

    private func scheduleRound(after delay: Duration) {
        roundTimer = worker.loop.schedule(after: delay) { [unowned self] in
            scheduleRound(after: interval)
            guard let connection = worker.commands.connection else { return }
            for stream in readers.indices {
                // Until the end: what is in flight must not be taken for a dead instance's.
                isDraining ? showLife(stream, on: connection) : visit(stream, on: connection)
            }
        }
    }

    /// Shows that we live on one stream, and looks who else does.
    func visit(_ stream: Int, on connection: RedisConnection) {
        showLife(stream, on: connection)
        guard !readers[stream].isPreparing else { return }
        survey(stream, on: connection)
        connection.send(.consumers(of: config.group, stream: config.streams[stream])) { [unowned self] result in
            guard case .success(let consumers) = result else { return }
            look(at: consumers, stream: stream, on: connection)
        }
    }

    private func look(at consumers: [ConsumerInfo], stream: Int, on connection: RedisConnection) {
        meet(consumers.first { WellKnownConsumer.isMark($0.name) }?.name, stream, on: connection)
        var soonest = interval
        for consumer in consumers where !WellKnownConsumer.isMark(consumer.name) {
            if consumer.name == worker.consumer {
                if consumer.pendingCount > busyIDs(of: stream).count + parked.count(of: stream) {
                    resumeForgotten(stream, on: connection)
                }
            } else if consumer.name == WellKnownConsumer.released, consumer.pendingCount > 0 {
                takeOver(consumer.name, stream: stream, on: connection)
            } else if consumer.idle >= config.claimAfter && isAcquainted || Sabotage.claimTheLiving.isOn {
                consumer.pendingCount > 0
                    ? takeOver(consumer.name, stream: stream, on: connection)
                    : remove(consumer.name, stream: stream, on: connection)
            } else if consumer.pendingCount > 0 {
                soonest = min(soonest, config.claimAfter - consumer.idle + .milliseconds(20))
            }
        }
        guard soonest < interval, !streams[stream].isVisitedEarly else { return }
        streams[stream].isVisitedEarly = true
        worker.loop.schedule(after: soonest) { [weak self] in
            guard let self else { return }
            streams[stream].isVisitedEarly = false
            guard !isDraining, let connection = worker.commands.connection else { return }
            visit(stream, on: connection)
        }
    }

    /// Others had the time to show that they live. A server that was restarted has forgotten their latest signs.
    private var isAcquainted: Bool {
        let time = min(config.claimAfter, interval + RedisLink.longestDelay)
        return worker.commands.connection != nil && worker.loop.now - worker.connectedAt >= time
    }

    /// Takes all that there is room for, unless that is under way already.
    private func takeOver(_ consumer: String, stream: Int, on connection: RedisConnection) {
        if Sabotage.neverClaim.isOn { return }
        guard takingOver.insert("\(stream) \(consumer)").inserted else { return }
        takePortion(of: consumer, after: .open, taken: Taken(), stream: stream, on: connection)
    }

    private func takePortion(
        of consumer: String, after: EntryBound, taken: Taken, stream: Int, on connection: RedisConnection
    ) {
        guard !isDraining, gate.state != .paused, parked.count < config.maximumParked else {
            return finish(taken, consumer, stream)
        }
        let script = PendingScript.move(
            from: consumer, to: worker.consumer,
            silentFor: consumer == WellKnownConsumer.released || Sabotage.claimTheLiving.isOn
                ? .zero : config.claimAfter,
            after: after, count: isFresh ? BacklogPace.portion : PendingScript<[MovedEntry]>.portion,
            stream: config.streams[stream], group: config.group)
        connection.send(script) { [unowned self] result in
            switch result {
            case .success(let entries):
                streams[stream].isTakeoverRefused = false
                guard let last = entries.last else { return finish(taken, consumer, stream) }
                let taken = adopt(entries, of: consumer, stream: stream, after: taken)
                let goOn = { [unowned self] in
                    takePortion(of: consumer, after: .excluded(last.id), taken: taken, stream: stream, on: connection)
                }
                if isFresh { worker.loop.schedule(after: BacklogPace.interval, goOn) } else { goOn() }
            case .failure(let error):
                finish(taken, consumer, stream)
                guard !error.endsConnection, !streams[stream].isTakeoverRefused else { return }
                streams[stream].isTakeoverRefused = true
                logger.error(
                    "cannot take over entries",
                    metadata: [LogKeys.stream: "\(config.streams[stream])", LogKeys.error: "\(error)"])
            }
        }
    }

    private struct Taken {
        var count = 0
        var trimmed = 0
    }

    private func adopt(_ entries: [MovedEntry], of consumer: String, stream: Int, after taken: Taken) -> Taken {
        var taken = taken
        for entry in entries {
            if entry.isTrimmed {
                let key = EntryKey(stream: stream, id: entry.id)
                buryTrimmed(key, of: consumer, attempts: entry.deliveryCount)
                taken.trimmed += 1
            } else {
                counters.takenOver += 1
                taken.count += 1
                adopt(entry.id, deliveryCount: entry.deliveryCount, idle: entry.idle, stream: stream)
            }
        }
        worker.loop.atEndOfTurn(self)
        return taken
    }

    private func finish(_ taken: Taken, _ consumer: String, _ stream: Int) {
        takingOver.remove("\(stream) \(consumer)")
        guard taken.count + taken.trimmed > 0 else { return }
        logger.notice(
            consumer == WellKnownConsumer.released
                ? "took over entries that were handed over" : "took over entries of a silent consumer",
            metadata: [
                LogKeys.stream: "\(config.streams[stream])", LogKeys.consumer: "\(consumer)",
                LogKeys.count: "\(taken.count)", LogKeys.trimmed: "\(taken.trimmed)",
            ])
    }

    /// A dead consumer that has nothing any more is taken off the group's list.
    private func remove(_ consumer: String, stream: Int, on connection: RedisConnection) {
        let script = PendingScript.removeConsumer(
            consumer, silentFor: config.claimAfter, stream: config.streams[stream], group: config.group)
        connection.send(script) { [unowned self] result in
            guard case .success(1) = result else { return }
            logger.info(
                "removed a silent consumer that had no entries",
                metadata: [LogKeys.stream: "\(config.streams[stream])", LogKeys.consumer: "\(consumer)"])
        }
    }
}
