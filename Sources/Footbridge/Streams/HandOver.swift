internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import Logging
internal import RedisStreams

/// A bridge that stops in good order leaves nothing under its name: what it holds goes to a consumer that every instance
/// serves at once, attempt counts and delivery times kept, and a message tells the others.
final class HandOver: SessionPart {
    let session: StreamSession
    private let completion: (_ left: Int) -> Void
    private let lease: LeaseMark?
    private var released = 0
    /// A connection was lost on the way: more may have been released, and nobody was told.
    private var isRepeated = false

    /// - Parameter completion: gets how many entries stay under our name.
    init(_ session: StreamSession, _ completion: @escaping (_ left: Int) -> Void) {
        self.session = session
        self.completion = completion
        lease = session.machine.lease
    }

    func begin() {
        let begin = { [self] in
            guard let connection = worker.commands.connection, connection.isOpen else {
                return completion(route.held(of: session.index).count)
            }
            // Away for long, another process may have our name by now: then it has the entries, too.
            let register = StreamCommand.register(session.ownerMark, replacing: "", stream: name, group: group)
            connection.send(register, deadline: .seconds(1)) { [self] result in
                if case .success(let token) = result, token != session.ownerMark.token { return completion(0) }
                rejoin(on: connection) { [self] in release(after: .open, on: connection) }
            }
        }
        if let draining = route.draining { draining.whenConnected(session, begin) } else { begin() }
    }

    private func repeatAll() {
        isRepeated = true
        begin()
    }

    /// A group that was destroyed since our last look at it does not know what is left here, nor does one from which our consumer was
    /// removed: it is told now or never.
    private func rejoin(on connection: RedisConnection, _ completion: @escaping () -> Void) {
        let held = route.held(of: session.index)
        guard !held.isEmpty, let known = session.machine.mark else { return completion() }
        let restore = { [self] (held: [(id: EntryID, attempts: Int)]) in
            session.ownership.restore(held, on: connection) { _ in completion() }
        }
        let script = StreamCommand.mark(
            GroupMark.new(), isPlaceKnown: true, stream: name, group: group)
        connection.send(script, deadline: .seconds(1)) {
            [self] result in
            switch result {
            case .success(known.name): session.ownership.removed(of: held, on: connection, restore)
            case .success: restore(held)
            case .failure(.server(let error)) where error.kind == .noGroup || error.isNoSuchKey:
                let position = session.machine.position.map { GroupPosition.after($0) } ?? .beginning
                let command = StreamCommand.makeGroupAgain(
                    GroupMark.new(), from: position, stream: name, group: group)
                connection.send(command) { _ in restore(held) }
            case .failure: completion()
            }
        }
    }

    private func release(after: EntryBound, on connection: RedisConnection) {
        let script = StreamCommand.move(
            from: worker.consumer, to: WellKnownConsumer.released, silentFor: .zero, after: after,
            count: ScriptPortion.large, stream: name, group: group)
        connection.send(script, deadline: .seconds(1)) { [self] result in
            let entries: [MovedEntry]
            switch result {
            case .success(let moved): entries = moved
            case .failure(let error) where error.endsConnection: return repeatAll()
            // Refused: everything stays pending under our name, as after a crash.
            case .failure: return completion(route.held(of: session.index).count)
            }
            for entry in entries where entry.isTrimmed {
                let key = EntryKey(stream: session.index, id: entry.id)
                _ = route.burials.buryTrimmed(key, of: worker.consumer, attempts: entry.deliveryCount)
            }
            // Before the consumer leaves, which it cannot while it has them.
            route.settler.flush()
            released += entries.count { !$0.isTrimmed }
            if let next = entries.last?.id.bound { return release(after: next, on: connection) }
            leave(on: connection)
        }
    }

    private func leave(on connection: RedisConnection) {
        var names = [worker.consumer, session.ownerMark.name, session.ownerMark.taken]
        if let lease { names.append(lease.name) }
        let command = StreamCommand.removeConsumers(
            names, silentFor: .zero, stream: name, group: group)
        connection.send(command) { [self] result in
            if case .failure(let error) = result, error.endsConnection { return repeatAll() }
            if released > 0 {
                logger.info(
                    "handed entries over",
                    metadata: [LogKeys.stream: "\(name)", LogKeys.count: .stringConvertible(released)])
            }
            completion(0)
        }
        // Others have the entries at once, and another process of this name goes on.
        session.announce(on: connection)
    }
}
