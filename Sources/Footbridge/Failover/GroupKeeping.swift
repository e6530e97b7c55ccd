internal import Curl
internal import DequeModule
internal import Logging
internal import RESP
internal import Redis
internal import RedisStreams

/// A group that is not there is made: where the route begins, or, if this process has seen it before, where it stood, with
/// the entries that this process still holds.
extension RouteRunner {
    /// While a stream is being prepared.
    func makeGroup(_ stream: Int, on connection: RedisConnection) {
        createGroup(stream, on: connection) { [unowned self] error in
            if let error { return readers[stream].isRefused(error) }
            restoreAndLocate(stream, on: connection)
        }
    }

    /// Makes the group, unless another instance is quicker: what we hold is missing from it in either case.
    func createGroup(_ stream: Int, on connection: RedisConnection, _ completion: @escaping (RedisError?) -> Void) {
        let held = heldEntries(of: stream).map(\.id)
        guard let last = ([readers[stream].lastRead] + held).compactMap({ $0 }).max() else {
            return createGroup(stream, at: GroupPosition(config.start), isNew: true, on: connection, completion)
        }
        // A stream that was deleted may have begun anew, with lower ids.
        connection.send(.info(config.streams[stream])) { [unowned self] result in
            var position = GroupPosition.beginning
            if case .success(let info) = result, info.lastID >= last { position = .after(last) }
            createGroup(stream, at: position, isNew: false, on: connection, completion)
        }
    }

    private func createGroup(
        _ stream: Int, at position: GroupPosition, isNew: Bool, on connection: RedisConnection,
        _ completion: @escaping (RedisError?) -> Void
    ) {
        let name = config.streams[stream]
        connection.send(.createGroup(config.group, on: name, from: position)) { [unowned self] result in
            switch result {
            case .success:
                streams[stream].watch.reset()
                let metadata: Logger.Metadata = [
                    LogKeys.stream: "\(name)", LogKeys.group: "\(config.group)",
                    LogKeys.position: "\(position.argument)",
                ]
                if isNew {
                    logger.info("consumer group made", metadata: metadata)
                } else {
                    logger.error("the consumer group was gone; made again where it stood", metadata: metadata)
                    // Only they know of what they hold, until they look.
                    connection.send(["PUBLISH", channel(stream), worker.consumer]) { _ in }
                }
                completion(nil)
            case .failure(.server(let error)) where error.kind == .busyGroup: completion(nil)
            case .failure(let error): completion(error)
            }
        }
    }

    /// While a stream is being prepared: its group does not know what we hold.
    func restoreAndLocate(_ stream: Int, on connection: RedisConnection) {
        streams[stream].identity = nil
        restore(heldEntries(of: stream), of: stream, on: connection) { [unowned self] error in
            // Refused, or the connection is lost: preparing begins anew, and still knows why.
            if let error { return readers[stream].isRefused(error, missedGroup: true) }
            locateGroup(stream, on: connection)
        }
    }

    /// Unsettled entries of this process with the attempts that they have had, the one under way included.
    func heldEntries(of stream: Int) -> [(id: EntryID, attempts: Int)] {
        var held: [(key: EntryKey, attempts: Int)] = settler.unburied
        held += queue.map { ($0.key, $0.attempt - 1) }
        held += slots.compactMap { slot in slot.entry.map { ($0.key, $0.attempt) } }
        held += parked.entries.map { ($0.key, Int($0.attempts)) }
        held += fetching.values.map { ($0.key, Int($0.attempts)) }
        return held.filter { $0.key.stream == stream }.map { ($0.key.id, $0.attempts) }
    }

    /// Looks where the group stands, and tells of what happened behind our back.
    func survey(_ stream: Int, on connection: RedisConnection) {
        connection.send(.survey(stream: config.streams[stream], group: config.group)) { [unowned self] result in
            guard case .success(let survey) = result else { return }
            for finding in streams[stream].watch.note(survey) { tell(finding, stream) }
        }
    }

    func tell(_ finding: GroupWatch.Finding, _ stream: Int) {
        var metadata: Logger.Metadata = [
            LogKeys.stream: "\(config.streams[stream])", LogKeys.group: "\(config.group)",
        ]
        switch finding {
        case .unreadLost(let count):
            counters.unreadLost += count
            metadata[LogKeys.count] = .stringConvertible(count)
            logger.error(
                "entries were trimmed or deleted before they were read; give the stream a longer MAXLEN",
                metadata: metadata)
        case .movedBack(let id):
            metadata[LogKeys.position] = "\(id)"
            logger.warning("the group was moved back: entries come again", metadata: metadata)
        case .movedBeyondEnd(let id, let end):
            metadata[LogKeys.position] = "\(id)"
            metadata[LogKeys.last] = "\(end)"
            logger.error(
                "the group stands beyond the last entry: what is added up to there is never delivered",
                metadata: metadata)
        }
    }

    /// Puts what we hold back among the pending of a group that does not know it.
    func restore(
        _ held: [(id: EntryID, attempts: Int)], of stream: Int, on connection: RedisConnection,
        _ completion: @escaping (RedisError?) -> Void
    ) {
        let portions = held.portions(of: PendingScript<[Restored]>.portion)
        var (waiting, failure) = (portions.count, RedisError?.none)
        guard waiting > 0 else { return completion(nil) }
        for portion in portions {
            let script = PendingScript.restore(
                Array(portion), stream: config.streams[stream], group: config.group, consumer: worker.consumer)
            connection.send(script) { [unowned self] result in
                waiting -= 1
                switch result {
                case .success(let done): isRestored(zip(portion.map(\.id), done), stream)
                case .failure(let error): failure = error
                }
                if waiting == 0 { completion(failure) }
            }
        }
    }

    private func isRestored(_ entries: some Sequence<(EntryID, Restored)>, _ stream: Int) {
        settler.isRestored(stream)
        var ids: [Restored: Set<EntryID>] = [:]
        for (id, done) in entries { ids[done, default: []].insert(id) }
        relinquish(ids[.others, default: []], stream, "others have read entries anew that were held here")
        // Of those nobody but us knows: what is here with its body is delivered, the others get their dead letters now.
        let gone = Set(ids[.gone, default: []].map { EntryKey(stream: stream, id: $0) })
        guard !gone.isEmpty else { return }
        settler.disown(gone)
        goneWithGroup.formUnion(gone)
        let waiting = parked.entries.filter { gone.contains($0.key) }
        _ = parked.removeAll { gone.contains($0.key) }
        for entry in waiting { buryTrimmed(entry.key, of: worker.consumer, attempts: Int(entry.attempts)) }
    }
}

extension GroupPosition {
    init(_ start: GroupStart) {
        self =
            switch start {
            case .new: .latest
            case .beginning: .beginning
            case .id(let id): .after(id)
            // After the last id that the millisecond before could have.
            case .time(let milliseconds):
                milliseconds == 0 ? .beginning : .after(EntryID(milliseconds: milliseconds - 1, sequence: .max))
            }
    }
}
