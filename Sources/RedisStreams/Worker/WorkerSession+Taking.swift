internal import FootbridgeCurl

/// What is older than all that is read next, and there was no room for yet: nothing is read before it, for it may come first in the
/// order of a key.
struct Backlog {
    /// Of what is pending for our own consumer, what is not looked at yet; `nil` if all is. What others have released comes then.
    var after: EntryBound? = .open
    /// So many attempts of each were counted and never begun.
    let lost: Int
}

/// What a session remembers of others.
struct TakeoverState {
    var backlog: Backlog?
    /// Since when others could show us that they live.
    var connectedAt = MonotonicTime.now
    var clock = ServerClock()
    /// What was pending and is no longer in the stream, and is being told of.
    var trimmed: Set<EntryID> = []
}

/// Taking what others have left: those that are silent, and those that have stopped.
extension WorkerSession {
    private static let longestLook = Duration.seconds(1)
    /// So many that one worker removes at a time.
    private static let removals = 100

    /// Looks until the task is cancelled.
    func lookAfterOthers() async {
        var lastLook: MonotonicTime?
        while !Task.isCancelled {
            try? await Task.sleep(for: min(options.beat, Self.longestLook))
            guard !Task.isCancelled else { return }
            guard machine.isOpen, board.mayAdopt else { continue }
            if let failure = await adoptBacklog(), !failure.isCancelled { trouble = failure }
            await take(from: WellKnownConsumer.released, silentFor: .zero)
            if let lastLook, .now - lastLook < options.beat { continue }
            lastLook = .now
            await look()
        }
    }

    private func look() async {
        await lookAtClock()
        guard case .success(let consumers) = await redis.ask(.consumers(of: group.name, stream: key)) else { return }
        let marks = consumers.filter { WellKnownConsumer.isMark($0.name) }
        let mark = marks.first { $0.name.hasPrefix(WellKnownConsumer.groupPrefix) }?.name
        if let mark {
            let action = machine.sawMark(mark)
            if action != .none { interruption = action }
        }
        if marks.contains(where: { $0.name == machine.mark?.name && $0.idle >= options.beat / 2 }), let mark {
            _ = await redis.ask(.touch([mark], stream: key, group: group.name))
        }
        let owners = Dictionary(
            marks.compactMap { OwnerMark($0.name) }.map { ($0.consumer, $0.claimAfter) }, uniquingKeysWith: max)
        var empty: [String] = []
        for consumer in consumers where !WellKnownConsumer.isMark(consumer.name) {
            if consumer.name == self.consumer {
                await lookAtOwn(consumer)
            } else if consumer.name != WellKnownConsumer.released {
                let silence = max(options.abandonedAfter, owners[consumer.name] ?? .zero)
                let policy = TakesOverTheSilent()
                guard policy.isDead(consumer, after: silence, isAcquainted: isAcquainted) else { continue }
                if consumer.pendingCount > 0 {
                    await take(from: consumer.name, silentFor: policy.silence(silence))
                } else if owners[consumer.name] != nil || WellKnownConsumer.isOwn(consumer.name) {
                    empty.append(consumer.name)
                }
            }
        }
        await remove(empty, among: consumers)
    }

    /// Idle times are differences of Redis' clock: a step of it makes everybody look silent.
    private func lookAtClock() async {
        let sentAt = MonotonicTime.now
        guard let reply = try? await redis.send("TIME"), let parts = reply.elements, parts.count == 2,
            let seconds = parts[0].integer, let microseconds = parts[1].integer
        else { return }
        let time = Int64(seconds) &* 1000 &+ Int64(microseconds) / 1000
        if takeover.clock.didStep(server: time, sentAt: sentAt, answeredAt: .now) { takeover.connectedAt = .now }
    }

    private var isAcquainted: Bool { .now - takeover.connectedAt >= min(options.abandonedAfter, options.beat * 2) }

    private func lookAtOwn(_ consumer: ConsumerInfo) async {
        let held = board.held(index)
        if consumer.pendingCount > board.count(index) {
            await adoptLost()
        } else if consumer.pendingCount < held.count {
            await suspect()
        }
    }

    // MARK: - Taking

    /// - Returns: whether nothing is left.
    @discardableResult
    func take(from consumer: String, silentFor silence: Duration) async -> Bool {
        var (after, taken, isAll) = (EntryBound.open, 0, false)
        while machine.isEstablished, board.mayAdopt, !board.isStopped {
            let command = StreamCommand.move(
                from: consumer, to: self.consumer, silentFor: silence, after: after, count: ScriptPortion.usual,
                stream: key, group: group.name)
            let moved: [MovedEntry]
            switch await redis.ask(command) {
            case .success(let reply): moved = reply
            case .failure(let failure):
                // What this user may not do is left to others.
                return !failure.isTransient && !failure.isCancelled
            }
            guard let last = moved.last else {
                isAll = true
                break
            }
            for entry in moved where entry.isTrimmed {
                missTrimmed(entry.id, of: consumer, attempts: entry.deliveryCount)
            }
            let kept = moved.filter { !$0.isTrimmed }
            taken += kept.count
            // What cannot be adopted now is ours all the same, and found with the next look.
            if await adopt(kept.map { ($0.id, Self.attempts($0.deliveryCount), $0.idle) }) != nil { break }
            after = .excluded(last.id)
        }
        if taken > 0 { observer?.didTakeOver(taken, of: name, from: consumer) }
        return isAll
    }

    /// Adopts what is older than all that is read next, as far as there is room. The rest follows when the stream is open, for only
    /// there does anything leave.
    func adoptBacklog() async -> Redis.Failure? {
        let preparation = machine.preparation
        while let backlog = takeover.backlog, board.mayAdopt, !board.isStopped {
            if let after = backlog.after {
                let found = await adoptOwn(after, lost: backlog.lost)
                // Prepared anew meanwhile: then it began anew, too.
                guard machine.preparation == preparation else { return nil }
                switch found {
                case .failure(let failure): return failure
                case .success(let next): takeover.backlog?.after = next
                }
            } else {
                let isAll = await take(from: WellKnownConsumer.released, silentFor: .zero)
                guard machine.preparation == preparation, isAll else { return nil }
                takeover.backlog = nil
            }
        }
        return nil
    }

    /// What Redis holds as ours and we do not, a portion: of an earlier life, or of a reply that was lost.
    ///
    /// - Parameter lost: so many attempts were counted and never begun.
    /// - Returns: where to go on; `nil` behind the last.
    private func adoptOwn(
        _ after: EntryBound, lost: Int, idleFor idle: Duration = .zero
    ) async -> Result<EntryBound?, Redis.Failure> {
        let command = StreamCommand.pending(
            stream: key, group: group.name, consumer: consumer, from: after, count: 1000)
        // What is held now may be acknowledged before the answer is here, which lists it still.
        let known = Set(board.ids(index))
        switch await redis.ask(command) {
        case .failure(let failure): return .failure(failure)
        case .success(let rows):
            let failure = await adopt(
                rows.filter { !known.contains($0.id) && !board.holds($0.id, index) && $0.idle >= idle }
                    .map { ($0.id, Self.attempts($0.deliveryCount) - lost, $0.idle) })
            if let failure { return .failure(failure) }
            return .success(rows.count == 1000 ? rows.last.map { .excluded($0.id) } : nil)
        }
    }

    /// What came to light after the first look was lost on its way to us: its last attempt was never begun.
    private func adoptLost() async {
        var next: EntryBound? = .open
        while let after = next, board.mayAdopt, !board.isStopped {
            guard case .success(let found) = await adoptOwn(after, lost: 1, idleFor: .seconds(3)) else { return }
            next = found
        }
    }

    /// A count that somebody has written may be anything: within what can be counted on.
    private static func attempts(_ deliveryCount: Int) -> Int { min(max(0, deliveryCount), 1 << 53) }

    /// - Returns: why nothing of it was adopted.
    private func adopt(_ entries: [(id: EntryID, count: Int, idle: Duration)]) async -> Redis.Failure? {
        guard !entries.isEmpty else { return nil }
        if !verification.exposed.isEmpty { verification.exposed.subtract(entries.map(\.id)) }
        if machine.isOpen { verification.hasRegained = true }
        let lanes: [EntryID: String]
        do throws(Redis.Failure) {
            lanes = try await self.lanes(of: entries.map(\.id))
        } catch {
            return error
        }
        for entry in entries {
            let count = max(0, entry.count)
            let resumption = Resumption.of(
                deliveryCount: count, idle: entry.idle, attempts: options.attempts,
                delay: { options.backoff.delay(afterAttempt: $0, of: entry.id) })
            switch resumption {
            case .due(let wait): board.adopt(entry.id, index, begun: count, after: wait, lane: lanes[entry.id])
            case .spent:
                // It is held until its letter is written.
                board.adopt(entry.id, index, begun: count, after: .zero, lane: lanes[entry.id])
                board.bury(
                    WorkBoard.GivenUp(
                        key: WorkKey(stream: index, id: entry.id), reason: "exhausted: instance_lost",
                        attempts: count, consumer: consumer))
            }
        }
        return nil
    }

    /// The keys of entries, where there is an order: their fields tell.
    private func lanes(of ids: [EntryID]) async throws(Redis.Failure) -> [EntryID: String] {
        guard case .byKey = options.order else { return [:] }
        var lanes: [EntryID: String] = [:]
        for portion in ids.portions(of: ScriptPortion.usual) {
            for entry in try await entries(Array(portion)) {
                lanes[entry.id] = board.lane(message(entry.id, entry.fields, count: 1))
            }
        }
        return lanes
    }

    private func entries(_ ids: [EntryID]) async throws(Redis.Failure) -> [StreamEntry] {
        let commands = ids.map { StreamCommand.range(key, from: .included($0), to: .included($0), count: 1) }
        do throws(Redis.Failure) {
            return try await redis.begin(commands).values().compactMap(\.first)
        } catch {
            guard error.kind == .replyTooLarge else { throw error }
            // It is given up when it is due.
            guard ids.count > 1 else { return [] }
            // One is too large, and took the others with it.
            var entries: [StreamEntry] = []
            for id in ids { entries += try await self.entries([id]) }
            return entries
        }
    }

    // MARK: - Due again

    /// Fetches what is due, until the task is cancelled.
    func fetchDue() async {
        while !Task.isCancelled, !board.isStopped {
            let due = board.takeDue(index, count: ScriptPortion.usual)
            guard !due.isEmpty, machine.isOpen else {
                board.putBackDue(due.map(\.id), index)
                await board.dueBells[index].wait(upTo: due.isEmpty ? .seconds(1) : .milliseconds(50))
                continue
            }
            await fetch(due)
        }
    }

    private func fetch(_ due: [(id: EntryID, attempt: Int)]) async {
        let command = StreamCommand.fetch(due, stream: key, group: group.name, consumer: consumer)
        switch await redis.ask(command) {
        case .failure(let failure) where failure.kind == .replyTooLarge:
            guard due.count > 1 else { return giveUp(due[0].id, attempts: due[0].attempt - 1, failure) }
            // Together, or only one of them.
            for entry in due {
                if Task.isCancelled || board.isStopped {
                    board.putBackDue([entry.id], index)
                } else {
                    await fetch([entry])
                }
            }
        case .failure(let failure):
            board.putBackDue(due.map(\.id), index)
            if !failure.isCancelled { observer?.didFail(failure, of: name) }
            try? await Task.sleep(for: .milliseconds(200))
        case .success(let fetched):
            let attempts = Dictionary(due.map { ($0.id, $0.attempt) }, uniquingKeysWith: max)
            board.putBackDue(due.dropFirst(fetched.looked).map(\.id), index)
            board.didFetch(
                fetched.entries.compactMap { entry in
                    entry.fields.map { message(entry.id, $0, count: attempts[entry.id] ?? 1) }
                }, index)
            for entry in fetched.entries where entry.fields == nil {
                missTrimmed(entry.id, of: consumer, attempts: (attempts[entry.id] ?? 1) - 1)
            }
            let missing = Set(due.prefix(fetched.looked).map(\.id)).subtracting(fetched.entries.map(\.id))
            if !missing.isEmpty {
                // Another's, or the group is another one: as resting ones they are asked for with the others.
                board.rest(missing, index)
                await suspect()
            }
        }
    }

    /// It is larger than this client takes. Nobody can handle it; the server moves it to the dead letters unseen.
    private func giveUp(_ id: EntryID, attempts: Int, _ failure: Redis.Failure) {
        board.bury(
            WorkBoard.GivenUp(
                key: WorkKey(stream: index, id: id), reason: "too large: \(failure.reason)", attempts: attempts,
                consumer: consumer, isTooLarge: true))
    }

    // MARK: - The end

    private func remove(_ names: [String], among consumers: [ConsumerInfo]) async {
        let living = consumers.filter {
            !WellKnownConsumer.isMark($0.name) && WellKnownConsumer.isOwn($0.name)
                && $0.idle < options.abandonedAfter && $0.name != WellKnownConsumer.released
        }
        guard !names.isEmpty, living.map(\.name).min() == consumer else { return }
        let removed = Set(names.prefix(Self.removals))
        let orphans = consumers.filter { consumer in
            let mark =
                OwnerMark(consumer.name) ?? OwnerMark(consumer.name, prefix: WellKnownConsumer.takenPrefix)
            return mark.map { removed.contains($0.consumer) && consumer.idle >= options.abandonedAfter } ?? false
        }
        for portion in (Array(removed) + orphans.map(\.name)).portions(of: ScriptPortion.usual) {
            _ = await redis.ask(
                .removeConsumers(
                    Array(portion), silentFor: options.abandonedAfter, stream: key, group: group.name))
        }
    }

    /// Leaves nothing under this consumer's name: what is held goes to a consumer that all others serve at once, attempt counts
    /// and delivery times kept; what was not begun counts no attempt.
    func handOver() async {
        guard machine.mark != nil || machine.wasOpen else { return }
        // Our consumer may have been removed, with all that it had.
        await suspect()
        // Away for long, another process may have our name by now: then it has the entries, too.
        let register = StreamCommand.register(owner, replacing: "", stream: key, group: group.name)
        switch await redis.ask(register) {
        case .success(owner.token):
            // It may be another group by now, which knows nothing of what is held.
            let command = StreamCommand.mark(GroupMark.new(), isPlaceKnown: false, stream: key, group: group.name)
            guard case .success(let mark) = await redis.ask(command) else { return }
            let isSameGroup = mark == machine.mark?.name
            if !isSameGroup || machine.mustRestore {
                guard await restore(board.unsettled(index, isSameGroup: isSameGroup)) == nil else { return }
            }
        case .failure(let failure) where failure.isGroupMissing:
            // A group that was destroyed does not know what is left here: it is told now or never.
            let position = machine.position.map { GroupPosition.after($0) } ?? options.start
            let command = StreamCommand.makeGroupAgain(
                GroupMark.new(), from: position, stream: key, group: group.name)
            _ = await redis.ask(command)
            guard await restore(board.unsettled(index)) == nil else { return }
        default: return
        }
        let unbegun = board.unbegun(index)
        let known = Set(board.held(index).map(\.id))
        var ids = unbegun
        var from = EntryBound.open
        while case .success(let rows) = await redis.ask(
            .pending(stream: key, group: group.name, consumer: consumer, from: from, count: 1000))
        {
            // Delivered while we hung up.
            ids += rows.filter { $0.deliveryCount == 1 && !known.contains($0.id) && !board.holds($0.id, index) }
                .map { ($0.id, 0) }
            guard rows.count == 1000, let last = rows.last else { break }
            from = .excluded(last.id)
        }
        for portion in ids.portions(of: ScriptPortion.usual) {
            _ = await redis.ask(
                .setAttempts(Array(portion), stream: key, group: group.name, consumer: consumer))
        }
        var after = EntryBound.open
        while true {
            let command = StreamCommand.move(
                from: consumer, to: WellKnownConsumer.released, silentFor: .zero, after: after,
                count: ScriptPortion.large, stream: key, group: group.name)
            guard case .success(let moved) = await redis.ask(command) else { return }
            guard let last = moved.last else { break }
            after = .excluded(last.id)
        }
        _ = await redis.ask(
            .removeConsumers(
                [consumer, owner.name, owner.taken], silentFor: .zero, stream: key, group: group.name))
        // Bridges listen; workers look each second.
        _ = try? await redis.send("PUBLISH", "\(WellKnownConsumer.released):\(group.name):\(name)", consumer)
    }
}
