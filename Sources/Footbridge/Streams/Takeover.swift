internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import Logging
internal import RedisStreams

/// Takes over the entries of consumers that show no life, and removes them from the group when they have none.
///
/// A consumer is dead when it has been silent for `claim_after`, its own or ours, whichever is longer. Its entries are moved
/// in portions (`StreamCommand.move`) that keep attempt counts and delivery times, so that each is due when it would have
/// been.
final class Takeover: SessionPart {
    unowned let session: StreamSession
    private var underWay: Set<String> = []
    /// Why Redis lets us take nothing over from the dead.
    private(set) var trouble: String?
    private var isLookScheduled = false
    private var clock = ServerClock()
    /// When Redis' clock was last seen to step.
    private var steppedAt: MonotonicTime?

    /// Empty consumers that were removed, and not told yet.
    private var removals = 0

    /// Marks are left for so long to processes whose consumers are gone.
    private static let longestAbsence = Duration.seconds(86400)
    /// So many that one instance removes in one round, and so many of their marks.
    private static let removalsPerRound = 100

    init(_ session: StreamSession) { self.session = session }

    private var claimAfter: Duration { route.config.claimAfter }

    /// Looks at the group's consumers.
    func look(on connection: RedisConnection) {
        lookAtClock(on: connection) {}
        listConsumers(on: connection) { [unowned self] in look(at: $0, on: connection) }
    }

    /// Looks only for what people have told the route to do.
    func lookForHold(on connection: RedisConnection) { listConsumers(on: connection) { _ in } }

    private func listConsumers(on connection: RedisConnection, _ completion: @escaping ([ConsumerInfo]) -> Void) {
        connection.send(.consumers(of: group, stream: name)) { [unowned self] result in
            guard case .success(let consumers) = result else {
                // Who may not ask cannot be told to wait.
                if case .failure(let error) = result, !error.endsConnection { session.sawHold(nil) }
                return
            }
            session.sawHold(HoldMark.among(consumers.map(\.name)))
            completion(consumers)
        }
    }

    /// Calls back when it is known whether Redis' clock has stepped.
    func lookAtClock(on connection: RedisConnection, _ completion: @escaping () -> Void) {
        let sentAt = MonotonicTime.now
        connection.send(["TIME"]) { [unowned self] reply in
            if let time = ServerClock.time(try? reply.get()),
                clock.didStep(server: time, sentAt: sentAt, answeredAt: .now)
            {
                steppedAt = .now
            }
            completion()
        }
    }

    private func look(at consumers: [ConsumerInfo], on connection: RedisConnection) {
        let marks = consumers.filter { WellKnownConsumer.isMark($0.name) }
        let owners = Dictionary(
            marks.compactMap { OwnerMark($0.name) }.map { ($0.consumer, $0.claimAfter) }, uniquingKeysWith: max)
        session.sawMark(marks.first { $0.name.hasPrefix(WellKnownConsumer.groupPrefix) }?.name)
        if let lease = session.lease { return look(at: consumers, marks, with: lease, on: connection) }
        keepMarks(marks, consumers, on: connection)
        var soonest = session.beatInterval
        var (empty, isDue): ([String], Bool) = ([], false)
        for consumer in consumers where !WellKnownConsumer.isMark(consumer.name) {
            let silence = max(claimAfter, owners[consumer.name] ?? .zero)
            if consumer.name == worker.consumer {
                lookAtOwn(consumer, on: connection)
            } else if consumer.name == WellKnownConsumer.released {
                guard consumer.pendingCount > 0 else { continue }
                isDue = true
                take(from: consumer.name, silentFor: .zero, on: connection)
            } else if !Parts.takeoverPolicy.isDead(consumer, after: silence, isAcquainted: isAcquainted) {
                if consumer.pendingCount > 0, consumer.idle < silence {
                    soonest = min(soonest, silence - consumer.idle + .milliseconds(20))
                }
            } else if consumer.pendingCount > 0 {
                guard mayTake(from: consumer) else { continue }
                isDue = true
                take(from: consumer.name, silentFor: Parts.takeoverPolicy.silence(silence), on: connection)
            } else if mayTake(from: consumer) {
                empty.append(consumer.name)
            }
        }
        if !isDue { trouble = nil }
        removeEmpty(empty, among: consumers, on: connection)
        lookAgain(after: soonest)
    }

    /// Where one consumer at a time reads, it has all that is pending.
    private func look(
        at consumers: [ConsumerInfo], _ marks: [ConsumerInfo], with lease: Lease, on connection: RedisConnection
    ) {
        keepMarks(marks, consumers, on: connection)
        let workers = consumers.filter { !WellKnownConsumer.isMark($0.name) }
        let owners = Dictionary(
            marks.compactMap { OwnerMark($0.name) }.map { ($0.consumer, $0.claimAfter) }, uniquingKeysWith: max)
        if let own = workers.first(where: { $0.name == worker.consumer }) { lookAtOwn(own, on: connection) }
        let others = workers.filter { $0.name != worker.consumer }
        if others.contains(where: { $0.pendingCount > 0 && mayTake(from: $0) }) {
            session.adoption.adoptAll(nil, after: .open, on: connection)
        }
        let readers = others.filter { $0.name != WellKnownConsumer.released && mayTake(from: $0) }
        let dead = Set(
            readers.filter {
                Parts.takeoverPolicy.isDead(
                    $0, after: max(claimAfter, owners[$0.name] ?? .zero), isAcquainted: isAcquainted)
            }.map(\.name))
        removeEmpty(
            readers.filter { $0.pendingCount == 0 && dead.contains($0.name) }.map(\.name), among: consumers,
            on: connection)
        lease.balance(among: readers.map(\.name).filter { WellKnownConsumer.isOwn($0) && !dead.contains($0) })
    }

    private func mayTake(from consumer: ConsumerInfo) -> Bool {
        route.config.takeOver == .all || WellKnownConsumer.isOwn(consumer.name)
    }

    /// Sooner than the next round, when a silent consumer is about to count as dead.
    private func lookAgain(after delay: Duration) {
        guard delay < session.beatInterval, !isLookScheduled else { return }
        isLookScheduled = true
        worker.loop.schedule(after: max(delay, .milliseconds(20))) { [weak self] in
            guard let self else { return }
            isLookScheduled = false
            guard !route.isDraining, session.isOpen, let connection = worker.commands.connection else { return }
            look(on: connection)
        }
    }

    private func lookAtOwn(_ consumer: ConsumerInfo, on connection: RedisConnection) {
        let held = route.table.count(of: session.index)
        if consumer.pendingCount > held {
            session.adoption.adoptForgotten(on: connection)
        } else if consumer.pendingCount < route.restingCount(of: session.index) {
            session.ownership.suspect()
        }
    }

    /// Others had the time to show that they live: since we connected, for a server that was restarted has forgotten their
    /// latest signs, and since its clock was set.
    var isAcquainted: Bool {
        guard worker.commands.connection != nil else { return false }
        let since = max(worker.connectedAt, steppedAt ?? worker.connectedAt)
        return worker.loop.now - since >= min(claimAfter, session.beatInterval + RedisLink.longestDelay)
    }

    // MARK: - Marks

    private func keepMarks(_ marks: [ConsumerInfo], _ consumers: [ConsumerInfo], on connection: RedisConnection) {
        let own = marks.filter {
            [session.machine.mark?.name, session.ownerMark.name, session.machine.lease?.name, session.hold?.name]
                .contains($0.name) && $0.idle >= session.beatInterval
        }
        if !own.isEmpty {
            connection.send(.touch(own.map(\.name), stream: name, group: group)) { _ in }
        }
    }

    // MARK: - Taking

    private struct Taken {
        var count = 0
        var trimmed = 0
    }

    /// Takes all that there is room for, unless that is under way already.
    private func take(from consumer: String, silentFor silence: Duration, on connection: RedisConnection) {
        guard underWay.insert(consumer).inserted else { return }
        takePortion(from: consumer, silentFor: silence, after: .open, Taken(), on: connection)
    }

    private func takePortion(
        from consumer: String, silentFor silence: Duration, after: EntryBound, _ taken: Taken,
        on connection: RedisConnection
    ) {
        guard !route.isDraining, session.isOpen, !route.isHeldUp,
            route.table.bodiless < route.config.maximumParked
        else { return finish(consumer, taken) }
        let script = StreamCommand.move(
            from: consumer, to: worker.consumer, silentFor: silence, after: after,
            count: route.intake.hasFresh ? BacklogPace.portion : ScriptPortion.usual, stream: name,
            group: group)
        connection.send(script) { [unowned self] result in
            switch result {
            case .success(let entries):
                trouble = nil
                let taken = adopt(entries, from: consumer, after: taken)
                guard let next = entries.last?.id.bound else { return finish(consumer, taken) }
                let goOn = { [weak self] in
                    guard let self else { return }
                    takePortion(from: consumer, silentFor: silence, after: next, taken, on: connection)
                }
                if route.intake.hasFresh { worker.loop.schedule(after: BacklogPace.interval, goOn) } else { goOn() }
            case .failure(let error):
                finish(consumer, taken)
                guard !error.endsConnection, trouble == nil else { return }
                trouble = error.words
                logger.error(
                    "cannot take over entries",
                    metadata: [LogKeys.stream: "\(name)", LogKeys.error: "\(error.words)"])
            }
        }
    }

    private func adopt(_ entries: [MovedEntry], from consumer: String, after taken: Taken) -> Taken {
        var taken = taken
        for entry in entries {
            let key = EntryKey(stream: session.index, id: entry.id)
            if entry.isTrimmed {
                // Those that are being buried already are told once.
                if !route.settler.refusesLetters(of: session.index),
                    route.burials.buryTrimmed(key, of: consumer, attempts: entry.deliveryCount)
                {
                    taken.trimmed += 1
                }
            } else {
                route.counters.takenOver += 1
                taken.count += 1
                route.adopt(key, deliveryCount: entry.deliveryCount, idle: entry.idle)
            }
        }
        worker.loop.atEndOfTurn(route)
        return taken
    }

    private func finish(_ consumer: String, _ taken: Taken) {
        underWay.remove(consumer)
        guard taken.count + taken.trimmed > 0 else { return }
        var metadata: Logger.Metadata = [
            LogKeys.stream: "\(name)", LogKeys.consumer: "\(consumer)", LogKeys.count: "\(taken.count)",
        ]
        if taken.trimmed > 0 { metadata[LogKeys.trimmed] = "\(taken.trimmed)" }
        logger.notice(
            consumer == WellKnownConsumer.released
                ? "took over entries that were handed over" : "took over entries of a silent consumer",
            metadata: metadata)
    }

    // MARK: - Cleaning up

    /// Dead consumers that have nothing any more are taken off the group's list, some in each round, by one instance: the
    /// first by name of those that live. With them go marks of processes that are gone.
    private func removeEmpty(_ names: [String], among consumers: [ConsumerInfo], on connection: RedisConnection) {
        let living = consumers.lazy.filter { [self] in
            !WellKnownConsumer.isMark($0.name) && WellKnownConsumer.isOwn($0.name) && $0.idle < claimAfter
                && $0.name != WellKnownConsumer.released
        }
        guard living.map(\.name).min() == worker.consumer else { return }
        let removed = Set(names)
        let remaining = Set(consumers.map(\.name)).subtracting(removed)
        let orphans = consumers.filter { consumer in
            let mark =
                OwnerMark(consumer.name) ?? OwnerMark(consumer.name, prefix: WellKnownConsumer.takenPrefix)
                ?? LeaseMark(consumer.name)?.owner
            guard let mark, !remaining.contains(mark.consumer) else { return false }
            // Whose consumer somebody else removed, may live without Redis: it has to find its mark when it is back.
            return consumer.idle
                >= (removed.contains(mark.consumer) ? max(claimAfter, mark.claimAfter) : Self.longestAbsence)
        }
        let removable = Array(names.prefix(Self.removalsPerRound)) + orphans.prefix(Self.removalsPerRound).map(\.name)
        guard !removable.isEmpty else { return tellRemoved() }
        let isLast = names.count <= Self.removalsPerRound
        for portion in removable.portions(of: ScriptPortion.usual) {
            let command = StreamCommand.removeConsumers(
                Array(portion), silentFor: claimAfter, stream: name, group: group)
            connection.send(command) { [unowned self] result in
                guard case .success(let count) = result, !names.isEmpty else { return }
                removals += count
                if isLast, portion.endIndex == removable.endIndex { tellRemoved() }
            }
        }
    }

    /// Once, when all are gone, of however many rounds.
    private func tellRemoved() {
        guard removals > 0 else { return }
        logger.info(
            "removed silent consumers that had no entries",
            metadata: [LogKeys.stream: "\(name)", LogKeys.count: .stringConvertible(removals)])
        removals = 0
    }
}
