internal import Curl
internal import DequeModule
internal import Logging
internal import Redis
internal import RedisStreams

/// Signs of life, and what follows when they were late.
extension RouteRunner {
    /// Whether an entry that was read may be sent: it cannot be another's by now.
    func isCertain(_ stream: Int) -> Bool { tenures[stream].isCertain(at: worker.loop.now) }

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
                // Without a group, or without the right to it, there is nothing that others could take.
                guard [.noGroup, .wrongType, .configuration].contains(error.kind) else { return }
            case .failure: return
            }
            if tenures[stream].confirm(sentAt: sentAt, answeredAt: .now) { verify(stream, on: connection) }
            worker.loop.atEndOfTurn(self)
        }
    }

    /// Asks which of the entries that wait to be sent are still ours, and drops the others.
    ///
    /// What waits for its next attempt needs no asking: it is fetched by a script that checks the owner.
    private func verify(_ stream: Int, on connection: RedisConnection) {
        let ids = Set(queue.lazy.filter { $0.key.stream == stream }.map(\.key.id))
        guard let first = ids.min(), let last = ids.max() else { return }
        tenures[stream].isBeingVerified = true
        ownEntries(stream, from: .included(first), to: last, [], on: connection) { [unowned self] own in
            tenures[stream].isBeingVerified = false
            worker.loop.atEndOfTurn(self)
            // No answer: the connection is lost. The next sign of life comes late, too, and asks again.
            guard let own else { return tenures[stream] = Tenure(claimAfter: config.claimAfter) }
            // What came since is ours for sure: fresh entries, and older ones that were fetched for their next attempt.
            let lost = queue.removeAll {
                $0.key.stream == stream && ids.contains($0.key.id) && !own.contains($0.key.id)
            }
            guard lost > 0 else { return }
            counters.lostOwnership += lost
            logger.notice(
                "silent for too long: others have taken entries over",
                metadata: [LogKeys.stream: "\(config.streams[stream])", LogKeys.count: .stringConvertible(lost)])
        }
    }

    private func ownEntries(
        _ stream: Int, from: EntryBound, to last: EntryID, _ found: Set<EntryID>, on connection: RedisConnection,
        _ completion: @escaping (Set<EntryID>?) -> Void
    ) {
        let page = 1000
        let command = StreamCommand<[PendingEntry]>.pending(
            stream: config.streams[stream], group: config.group, consumer: worker.consumer, from: from,
            to: .included(last), count: page)
        connection.send(command) { [unowned self] result in
            guard case .success(let rows) = result else { return completion(nil) }
            let found = found.union(rows.map(\.id))
            guard rows.count == page, let end = rows.last else { return completion(found) }
            ownEntries(stream, from: .excluded(end.id), to: last, found, on: connection, completion)
        }
    }
}
