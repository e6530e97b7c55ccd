internal import Curl
internal import DequeModule
internal import Logging
internal import Redis
internal import RedisStreams

/// Signs of life, and what follows when they were late.
extension RouteRunner {
    /// Whether an entry that was read may be sent: it cannot be another's by now.
    func isCertain(_ stream: Int) -> Bool { streams[stream].tenure.isCertain(at: worker.loop.now) }

    func showLife(_ stream: Int, on connection: RedisConnection) {
        let sentAt = MonotonicTime.now
        connection.send(
            .heartbeat(stream: config.streams[stream], group: config.group, consumer: worker.consumer)
        ) { [unowned self] result in
            switch result {
            case .success: break
            case .failure(.server(let error)):
                // Only a read notices that the group is gone, and with a full window there is none.
                if error.kind == .noGroup { readers[stream].prepareAgain(missedGroup: true) }
                // Without a group there is nothing that others could take.
                guard [.noGroup, .wrongType].contains(error.kind) else { return }
            case .failure: return
            }
            if streams[stream].tenure.confirm(sentAt: sentAt, answeredAt: .now) { verify(stream, on: connection) }
            worker.loop.atEndOfTurn(self)
        }
    }

    /// Asks which of the entries that wait here are still ours, and drops the others.
    ///
    /// A group that was made anew meanwhile knows of none of them: it is met first, and told.
    private func verify(_ stream: Int, on connection: RedisConnection) {
        let number = streams[stream].tenure.beginVerification()
        // What the read that is outstanding brings may have been given to us before.
        streams[stream].isReadLate = readers[stream].isReading
        var ids = Set(queue.lazy.filter { $0.key.stream == stream }.map(\.key.id))
        ids.formUnion(parked.entries.lazy.filter { $0.key.stream == stream }.map(\.key.id))
        func end(answered: Bool) {
            streams[stream].tenure.endVerification(number, answered: answered)
            worker.loop.atEndOfTurn(self)
        }
        guard let first = ids.min(), let last = ids.max() else { return end(answered: true) }
        ownEntries(stream, from: .included(first), to: last, [], on: connection) { [unowned self] own in
            guard let own else { return end(answered: false) }
            guard !isAnother(own.mark, stream) else {
                return meet(own.mark, stream, on: connection) { [unowned self] in
                    end(answered: !isAnother(own.mark, stream))
                }
            }
            // What was fetched since for its next attempt is ours for sure.
            relinquish(ids.subtracting(own.ids), stream, "silent for too long: others have taken entries over")
            end(answered: true)
        }
    }

    /// Entries came that others may have taken, though Redis has told what is left.
    func verifyAgain(_ stream: Int) {
        if let connection = worker.commands.connection { return verify(stream, on: connection) }
        let number = streams[stream].tenure.beginVerification()
        streams[stream].tenure.endVerification(number, answered: false)
    }

    /// Drops what waits here and is another's, or was settled by another.
    func relinquish(_ ids: Set<EntryID>, _ stream: Int, _ message: Logger.Message) {
        guard !ids.isEmpty else { return }
        let lost =
            queue.removeAll { $0.key.stream == stream && ids.contains($0.key.id) }
            + parked.removeAll { $0.key.stream == stream && ids.contains($0.key.id) }
        guard lost > 0 else { return }
        counters.lostOwnership += lost
        logger.notice(
            message,
            metadata: [LogKeys.stream: "\(config.streams[stream])", LogKeys.count: .stringConvertible(lost)])
    }

    /// - Parameter completion: gets `nil` if Redis does not tell.
    private func ownEntries(
        _ stream: Int, from: EntryBound, to last: EntryID, _ found: Set<EntryID>, on connection: RedisConnection,
        _ completion: @escaping (OwnEntries?) -> Void
    ) {
        let script = PendingScript.own(
            from: from, to: last, stream: config.streams[stream], group: config.group, consumer: worker.consumer)
        connection.send(script) { [unowned self] result in
            guard case .success(var own) = result else { return completion(nil) }
            let end = own.ids.max()
            own.ids.formUnion(found)
            guard let end, !isAnother(own.mark, stream) else { return completion(own) }
            ownEntries(stream, from: .excluded(end), to: last, own.ids, on: connection, completion)
        }
    }
}
