internal import Curl
internal import Logging
internal import Redis
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
            guard session.machine.state == .preparing(.adopt), session.machine.preparation == number else { return }
            switch result {
            case .failure(let error): session.refuse(error)
            case .success(let rows):
                adoptUnknown(rows)
                guard rows.count == Adoption.page, let next = rows.last?.id.bound else {
                    return session.perform(session.machine.didAdopt(number))
                }
                guard route.table.count(.waiting) >= route.config.maximumParked else {
                    return adopt(number, after: next, on: connection)
                }
                adoptLater(number, after: next)
            }
        }
    }

    /// There is no room for more waiting entries: go on when there is.
    private func adoptLater(_ number: Int, after: EntryBound) {
        worker.loop.schedule(after: .seconds(1)) { [weak self] in
            guard let self, session.machine.state == .preparing(.adopt), session.machine.preparation == number else {
                return
            }
            if route.table.count(.waiting) < route.config.maximumParked / 2, let connection = worker.commands.connection
            {
                adopt(number, after: after, on: connection)
            } else {
                adoptLater(number, after: after)
            }
        }
    }

    private func ownPending(after: EntryBound) -> StreamCommand<[PendingEntry]> {
        .pending(stream: name, group: group, consumer: worker.consumer, from: after, count: Adoption.page)
    }

    private func adoptUnknown(_ rows: [PendingEntry]) {
        let unknown = rows.filter { !route.table.contains(session.key($0.id)) }
        guard !unknown.isEmpty else { return }
        for row in unknown {
            // What comes to light after the first look was lost on its way to us: its last attempt was never begun.
            let count = session.wasOpen ? max(0, row.deliveryCount - 1) : row.deliveryCount
            route.adopt(session.key(row.id), deliveryCount: count, idle: row.idle)
        }
        route.counters.resumed += unknown.count
        logger.info(
            "resuming pending entries", metadata: [LogKeys.stream: "\(name)", LogKeys.count: "\(unknown.count)"])
        worker.loop.atEndOfTurn(route)
    }

    /// Looks for entries that are ours, unknown, and so old that no reply can be on its way with them.
    func adoptForgotten(after: EntryBound = .open, on connection: RedisConnection) {
        connection.send(ownPending(after: after)) { [unowned self] result in
            guard case .success(let rows) = result, !route.isDraining else { return }
            adoptUnknown(rows.filter { $0.idle > StreamSession.blockTime * 3 })
            if rows.count == Adoption.page, let next = rows.last?.id.bound,
                route.table.count(.waiting) < route.config.maximumParked
            {
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
