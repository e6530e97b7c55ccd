internal import Curl
internal import Logging
internal import RESP
internal import Redis
internal import RedisStreams

/// A bridge that stops in good order leaves nothing under its name: what it holds goes to a consumer that every instance
/// serves at once, attempt counts and delivery times kept, and a message tells the others.
extension RouteRunner {
    /// What is published when entries of a stream were released, or its group was made again: others look at it at once.
    func channel(_ stream: Int) -> String {
        "\(WellKnownConsumer.released):\(config.group):\(config.streams[stream])"
    }

    /// Gives away what is left when everything is settled that could be. Requests that are still under way are dropped.
    func handOver(_ completion: @escaping () -> Void) {
        for slot in slots { slot.handle.cancel() }
        var left = config.streams.count
        for stream in config.streams.indices {
            handOver(stream) {
                left -= 1
                if left == 0 { completion() }
            }
        }
    }

    /// A group that was destroyed since our last look at it does not know what is left here: it is told now or never.
    private func rejoin(_ stream: Int, on connection: RedisConnection, _ completion: @escaping () -> Void) {
        let held = heldEntries(of: stream)
        guard !held.isEmpty else { return completion() }
        let restore = { [unowned self] in self.restore(held, of: stream, on: connection) { _ in completion() } }
        let script = PendingScript.mark(
            WellKnownConsumer.newMark(), stream: config.streams[stream], group: config.group)
        connection.send(script, deadline: .seconds(1)) { [unowned self] result in
            switch result {
            case .success(let mark): isAnother(mark, stream) ? restore() : completion()
            case .failure(.server(let error)) where error.kind == .noGroup:
                createGroup(stream, on: connection) { _ in restore() }
            case .failure: completion()
            }
        }
    }

    /// What is known of a hand-over.
    private struct Released {
        var count = 0
        /// A connection was lost on the way: more may have been released, and nobody was told.
        var isRepeated = false
    }

    private func handOver(_ stream: Int, _ released: Released = Released(), _ completion: @escaping () -> Void) {
        whenConnected(stream) { [unowned self] in
            guard let connection = worker.commands.connection, connection.isOpen else { return completion() }
            rejoin(stream, on: connection) { [unowned self] in
                release(stream, after: .open, released, on: connection, completion)
            }
        }
    }

    private func repeatHandOver(_ stream: Int, _ released: Released, _ completion: @escaping () -> Void) {
        handOver(stream, Released(count: released.count, isRepeated: true), completion)
    }

    private func release(
        _ stream: Int, after: EntryBound, _ released: Released, on connection: RedisConnection,
        _ completion: @escaping () -> Void
    ) {
        let script = PendingScript.move(
            from: worker.consumer, to: WellKnownConsumer.released, silentFor: .zero, after: after,
            stream: config.streams[stream], group: config.group)
        connection.send(script, deadline: .seconds(1)) { [unowned self] result in
            let entries: [MovedEntry]
            switch result {
            case .success(let moved): entries = moved
            case .failure(let error) where error.endsConnection: return repeatHandOver(stream, released, completion)
            // Refused: everything stays pending under our name, as after a crash.
            case .failure: return completion()
            }
            if let last = entries.last {
                for entry in entries where entry.isTrimmed {
                    let key = EntryKey(stream: stream, id: entry.id)
                    buryTrimmed(key, of: worker.consumer, attempts: entry.deliveryCount)
                }
                // Before the consumer leaves, which it cannot while it has them.
                settler.flush()
                var released = released
                released.count += entries.count { !$0.isTrimmed }
                return release(stream, after: .excluded(last.id), released, on: connection, completion)
            }
            leave(stream, released, on: connection, completion)
        }
    }

    private func leave(
        _ stream: Int, _ released: Released, on connection: RedisConnection, _ completion: @escaping () -> Void
    ) {
        if released.count > 0 || released.isRepeated {
            // Who may not publish lets the others find out at their next round.
            connection.send(["PUBLISH", channel(stream), worker.consumer]) { _ in }
        }
        let script = PendingScript.removeConsumer(
            worker.consumer, silentFor: .zero, stream: config.streams[stream], group: config.group)
        connection.send(script) { [unowned self] result in
            if case .failure(let error) = result, error.endsConnection {
                return repeatHandOver(stream, released, completion)
            }
            if released.count > 0 {
                logger.info(
                    "handed entries over",
                    metadata: [
                        LogKeys.stream: "\(config.streams[stream])",
                        LogKeys.count: .stringConvertible(released.count),
                    ])
            }
            completion()
        }
    }

    /// Where this is told of the route's streams.
    var channels: [String] { config.streams.indices.map(channel) }

    /// A message came in; it may be another route's.
    func received(_ push: [RESPValue]) {
        guard push.count == 3, push[0].text == "message", let name = push[1].text, !isDraining,
            let connection = worker.commands.connection
        else { return }
        for stream in config.streams.indices where channel(stream) == name { visit(stream, on: connection) }
    }
}
