internal import FootbridgeCurl
internal import FootbridgeRedis
internal import Logging
internal import RedisStreams

/// Finds what Redis holds as ours and the table does not know: entries of an earlier life, of a reply that was lost, or of one
/// that came too late.
final class Adoption: SessionPart {
    unowned let session: StreamSession

    /// Entries of one listing of what is pending.
    static let page = 1000

    init(_ session: StreamSession) { self.session = session }

    /// Looks through what Redis holds as ours, without touching attempt counts, as a history read would.
    func adopt(_ number: Int, after: EntryBound, on connection: RedisConnection) {
        connection.send(ownPending(after: after)) { [unowned self] result in
            guard isWanted(number) else { return }
            switch result {
            case .failure(let error): session.refuse(error)
            case .success(let rows):
                let isNews = adoptUnknown(rows)
                guard rows.count == Adoption.page, let next = rows.last?.id.bound else {
                    return session.perform(session.machine.didAdopt(number))
                }
                // What is known already takes no more room.
                guard isNews, isFull else { return adopt(number, after: next, on: connection) }
                // Room is made by what is sent: for that we have to show life, and to know what people want of the route.
                session.visit(on: connection)
                adoptLater(number, after: next)
            }
        }
    }

    /// As many entries wait as may.
    private var isFull: Bool { route.table.bodiless >= route.config.maximumParked }

    /// There is no room for more waiting entries: go on when there is.
    private func adoptLater(_ number: Int, after: EntryBound) {
        worker.loop.schedule(after: .seconds(1)) { [weak self] in
            guard let self, isWanted(number) else { return }
            if !isFull, let connection = worker.commands.connection {
                adopt(number, after: after, on: connection)
            } else {
                adoptLater(number, after: after)
            }
        }
    }

    private func ownPending(after: EntryBound) -> StreamCommand<[PendingEntry]> {
        .pending(stream: name, group: group, consumer: worker.consumer, from: after, count: Adoption.page)
    }

    /// - Returns: whether there was any.
    @discardableResult
    private func adoptUnknown(_ rows: [PendingEntry]) -> Bool {
        let unknown = rows.filter { !route.table.contains(session.key($0.id)) }
        guard !unknown.isEmpty else { return false }
        for row in unknown {
            // What comes to light after the first look was lost on its way to us: its last attempt was never begun.
            let count = session.wasOpen ? max(0, row.deliveryCount - 1) : row.deliveryCount
            route.adopt(session.key(row.id), deliveryCount: count, idle: row.idle)
        }
        route.counters.resumed += unknown.count
        logger.info(
            "resuming pending entries", metadata: [LogKeys.stream: "\(name)", LogKeys.count: "\(unknown.count)"])
        worker.loop.atEndOfTurn(route)
        return true
    }

    // MARK: - In order

    /// All that is pending becomes ours, whoever had it, before anything newer is read; with the bodies, as far as they tell which
    /// entries belong together.
    ///
    /// - Parameter number: of the preparation that this is a step of; `nil` if it is none.
    func adoptAll(_ number: Int?, after: EntryBound, on connection: RedisConnection) {
        guard let lease = session.machine.lease, isWanted(number) else { return }
        let isByKey = if case .key = route.config.ordering { true } else { false }
        let script = StreamCommand.adopt(
            for: worker.consumer, lease: lease.name, after: after, count: ScriptPortion.usual,
            takesAll: route.config.takeOver == .all, needsFields: isByKey, stream: name, group: group)
        connection.send(script) { [unowned self] result in
            guard isWanted(number) else { return }
            switch result {
            case .failure(let error) where error.isFenced: session.lose()
            case .failure(let error): if number != nil { session.refuse(error) }
            case .success(let entries):
                let isNews = take(entries)
                guard let next = entries.last?.id.bound else {
                    if let number { session.perform(session.machine.didAdopt(number)) }
                    return
                }
                guard isNews, isFull else { return adoptAll(number, after: next, on: connection) }
                if !session.isOpen { session.visit(on: connection) }
                adoptAllLater(number, after: next)
            }
        }
    }

    private func isWanted(_ number: Int?) -> Bool {
        guard let number else { return session.isOpen && !route.isDraining }
        return session.machine.state == .preparing(.adopt) && session.machine.preparation == number
    }

    private func adoptAllLater(_ number: Int?, after: EntryBound) {
        worker.loop.schedule(after: .seconds(1)) { [weak self] in
            guard let self, isWanted(number) else { return }
            if !isFull, let connection = worker.commands.connection {
                adoptAll(number, after: after, on: connection)
            } else {
                adoptAllLater(number, after: after)
            }
        }
    }

    /// - Returns: whether anything is held now that was not before.
    private func take(_ entries: [AdoptedEntry]) -> Bool {
        var (resumed, taken, trimmed) = (0, 0, 0)
        for entry in entries where !entry.isForeign {
            let key = session.key(entry.id)
            let isOurs = entry.consumer == worker.consumer
            if entry.isTrimmed {
                if !route.settler.refusesLetters(of: session.index),
                    route.burials.buryTrimmed(key, of: entry.consumer, attempts: entry.deliveryCount)
                {
                    trimmed += 1
                }
                continue
            }
            session.ownership.regain(entry.id)
            guard !route.table.contains(key) else { continue }
            // The reply of a read may be on its way with it.
            if isOurs, session.isOpen, entry.idle <= StreamSession.blockTime * 3 { continue }
            let isLost = isOurs && session.wasOpen
            route.adopt(
                key, deliveryCount: max(0, entry.deliveryCount - (isLost ? 1 : 0)), idle: entry.idle,
                fields: entry.fields)
            if isOurs { resumed += 1 } else { taken += 1 }
        }
        route.counters.resumed += resumed
        route.counters.takenOver += taken
        guard resumed + taken + trimmed > 0 else { return false }
        var metadata: Logger.Metadata = [LogKeys.stream: "\(name)", LogKeys.count: "\(resumed + taken)"]
        if trimmed > 0 { metadata[LogKeys.trimmed] = "\(trimmed)" }
        logger.info("pending entries are delivered first", metadata: metadata)
        worker.loop.atEndOfTurn(route)
        return resumed + taken > 0
    }

    /// Looks for entries that are ours, unknown, and so old that no reply can be on its way with them.
    func adoptForgotten(after: EntryBound = .open, on connection: RedisConnection) {
        guard session.lease == nil else { return adoptAll(nil, after: .open, on: connection) }
        connection.send(ownPending(after: after)) { [unowned self] result in
            guard case .success(let rows) = result, !route.isDraining else { return }
            adoptUnknown(rows.filter { $0.idle > StreamSession.blockTime * 3 })
            if rows.count == Adoption.page, let next = rows.last?.id.bound, !isFull {
                adoptForgotten(after: next, on: connection)
            }
        }
    }

    /// Entries that the server sent while we hung up were not begun: their attempt does not count.
    func handBackUnread(_ completion: @escaping () -> Void) {
        guard session.wasOpen, let connection = worker.commands.connection else { return completion() }
        let from = session.machine.position.map { $0 == .maximum ? EntryBound.included($0) : .excluded($0) } ?? .open
        connection.send(ownPending(after: from)) { [unowned self] result in
            for row in (try? result.get()) ?? []
            where row.deliveryCount == 1 && !route.table.contains(session.key(row.id)) {
                route.handBack(session.key(row.id))
            }
            completion()
        }
    }
}
