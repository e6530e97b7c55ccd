internal import Curl
internal import DequeModule
internal import Logging
internal import Redis
internal import RedisStreams

/// Entries that Redis holds as ours and this process does not know of: from before a crash, or from a reply that was lost
/// with its connection.
///
/// XPENDING tells of them without touching attempt counts; a history read would raise the count of each.
extension RouteRunner {
    private static let page = 1000

    /// Before a reader may ask for new entries: is the group there, and what is ours already?
    func prepare(_ stream: Int) {
        // Without a connection for commands: `commandsConnected` comes back to it.
        guard let connection = worker.commands.connection else { return }
        streams[stream].resumptions += 1
        resume(stream, streams[stream].resumptions, after: .open, on: connection)
    }

    /// The connection for commands stands (again).
    func commandsConnected() {
        settler.flush()
        if let connection = worker.commands.connection {
            for (stream, reader) in readers.enumerated() {
                reader.isPreparing ? prepare(stream) : showLife(stream, on: connection)
            }
        }
        worker.loop.atEndOfTurn(self)
    }

    private func resume(_ stream: Int, _ number: Int, after: EntryBound, on connection: RedisConnection) {
        connection.send(ownPending(stream, after: after)) { [unowned self] result in
            guard streams[stream].resumptions == number else { return }
            switch result {
            case .success(let rows):
                adoptUnknown(rows, stream: stream)
                guard rows.count == Self.page, let last = rows.last else {
                    // Another instance has made the group again: it does not know what we hold.
                    if readers[stream].missedGroup { return restoreAndLocate(stream, on: connection) }
                    return locateGroup(stream, on: connection)
                }
                if parked.count < config.maximumParked {
                    resume(stream, number, after: .excluded(last.id), on: connection)
                } else {
                    resumeLater(stream, number)
                }
            case .failure(.server(let error)) where error.kind == .noGroup: makeGroup(stream, on: connection)
            case .failure(let error): readers[stream].isRefused(error)
            }
        }
    }

    private func ownPending(_ stream: Int, after: EntryBound) -> StreamCommand<[PendingEntry]> {
        .pending(
            stream: config.streams[stream], group: config.group, consumer: worker.consumer, from: after,
            count: Self.page)
    }

    /// There is no room for more waiting entries: look again when there is.
    private func resumeLater(_ stream: Int, _ number: Int) {
        worker.loop.schedule(after: .seconds(1)) { [weak self] in
            guard let self, streams[stream].resumptions == number, readers[stream].isPreparing else { return }
            parked.count < config.maximumParked / 2 ? prepare(stream) : resumeLater(stream, number)
        }
    }

    /// Notes where the group stands, should it have to be made again.
    func locateGroup(_ stream: Int, on connection: RedisConnection) {
        guard readers[stream].lastRead == nil else { return identifyAndPrepare(stream, on: connection) }
        connection.send(.groups(of: config.streams[stream])) { [unowned self] result in
            if case .success(let groups) = result, let group = groups.first(where: { $0.name == config.group }) {
                readers[stream].stands(at: group.lastDelivered)
            }
            identifyAndPrepare(stream, on: connection)
        }
    }

    private func identifyAndPrepare(_ stream: Int, on connection: RedisConnection) {
        identify(stream, on: connection) { [unowned self] in
            // What was asked so far is answered by many a server that lets nobody read: without a disk, without replicas.
            let attempt = StreamCommand<Void>.heartbeat(
                stream: config.streams[stream], group: config.group, consumer: worker.consumer)
            connection.send(attempt) { [unowned self] result in
                if case .failure(let error) = result { return readers[stream].isRefused(error) }
                isPrepared(stream)
            }
        }
    }

    func isPrepared(_ stream: Int) {
        streams[stream].wasPrepared = true
        readers[stream].isPrepared()
        // Before the first round: what was released waits for us, and nothing is sent before a sign of life.
        if let connection = worker.commands.connection { visit(stream, on: connection) }
        worker.loop.atEndOfTurn(self)
    }

    /// Entries that the server sent while we hung up were not begun: their attempt does not count.
    func handBackUnread(_ stream: Int, _ completion: @escaping () -> Void) {
        guard let connection = worker.commands.connection else { return completion() }
        let from = readers[stream].lastRead.map(EntryBound.excluded) ?? .open
        connection.send(ownPending(stream, after: from)) { [unowned self] result in
            let busy = busyIDs(of: stream)
            for row in (try? result.get()) ?? []
            where row.deliveryCount == 1 && !busy.contains(row.id)
                && !parked.contains(EntryKey(stream: stream, id: row.id))
            {
                settler.setAttempts(0, of: EntryKey(stream: stream, id: row.id))
            }
            completion()
        }
    }

    /// Looks for entries that are ours, unknown, and so old that no reply can be on its way with them.
    func resumeForgotten(_ stream: Int, after: EntryBound = .open, on connection: RedisConnection) {
        connection.send(ownPending(stream, after: after)) { [unowned self] result in
            guard case .success(let rows) = result, !isDraining else { return }
            adoptUnknown(rows.filter { $0.idle > StreamReader.blockTime * 3 }, stream: stream)
            if rows.count == Self.page, let last = rows.last, parked.count < config.maximumParked {
                resumeForgotten(stream, after: .excluded(last.id), on: connection)
            }
        }
    }

    // MARK: - Adopting

    private func adoptUnknown(_ rows: [PendingEntry], stream: Int) {
        let busy = busyIDs(of: stream)
        let unknown = rows.filter { row in
            !busy.contains(row.id) && !parked.contains(EntryKey(stream: stream, id: row.id))
        }
        guard !unknown.isEmpty else { return }
        // What comes to light after the first look was lost on its way to us: its last attempt was never begun.
        let unbegun = streams[stream].wasPrepared ? 1 : 0
        for row in unknown {
            adopt(row.id, deliveryCount: max(0, row.deliveryCount - unbegun), idle: row.idle, stream: stream)
        }
        counters.resumed += unknown.count
        logger.info(
            "resuming pending entries",
            metadata: [LogKeys.stream: "\(config.streams[stream])", LogKeys.count: "\(unknown.count)"])
        worker.loop.atEndOfTurn(self)
    }

    /// Lets an entry wait until the time that its attempt count and its idle time give.
    func adopt(_ id: EntryID, deliveryCount: Int, idle: Duration, stream: Int) {
        var delay = Duration.zero
        if case .retry(let wait, _) = config.retry.resumption(deliveryCount: deliveryCount, idle: idle, id: id) {
            delay = wait
        }
        parked.insert(
            ParkedEntry(
                key: EntryKey(stream: stream, id: id), due: worker.loop.now + delay,
                attempts: Int32(clamping: max(0, deliveryCount)),
                // Nobody has written down when the first attempt was made; it was not before the entry was added.
                firstAt: deliveryCount > 0 ? Int64(clamping: id.milliseconds) : 0))
    }

    /// Entries of one stream that are on their way through this process, those that wait not included.
    func busyIDs(of stream: Int) -> Set<EntryID> {
        var ids = Set(settler.settlingKeys.filter { $0.stream == stream }.map(\.id))
        for entry in queue where entry.key.stream == stream { ids.insert(entry.key.id) }
        for slot in slots {
            if let key = slot.entry?.key, key.stream == stream { ids.insert(key.id) }
        }
        for key in fetching.keys where key.stream == stream { ids.insert(key.id) }
        return ids
    }
}
