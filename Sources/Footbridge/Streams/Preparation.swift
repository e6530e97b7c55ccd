internal import FootbridgeRESP
internal import FootbridgeRedis
internal import Logging
internal import RedisStreams

/// Carries out the steps that come before a stream is read: which group is it, is it there, is our name free, what does Redis
/// hold as ours, does it let us read.
final class Preparation: SessionPart {
    unowned let session: StreamSession
    /// The group that was met is the one that was met before.
    private var isSameGroup = false
    /// Where the group begins if it has to be made: what was added since this process first looked is not skipped.
    private var start: GroupPosition?
    private var isToldOfEnd = false
    /// Of a process with our name that lives, or lived.
    private var rivalToken: String?
    private var goneToken: String?

    init(_ session: StreamSession) { self.session = session }

    /// The stream is of another type: what is added until that is mended has been waited for.
    func metWrongType() {
        if session.machine.position == nil { start = .beginning }
    }

    func perform(_ step: SessionMachine.Step, _ number: Int, on connection: RedisConnection) {
        switch step {
        case .meet: meet(number, on: connection)
        case .create: create(number, on: connection)
        case .register: register(number, on: connection)
        case .restore:
            let held = route.held(of: session.index)
            logger.log(
                level: held.isEmpty ? .debug : .error,
                isSameGroup
                    ? "this consumer was removed from the group; what is held here goes back into it"
                    : "the consumer group is another than before; what is held here goes back into it",
                metadata: [
                    LogKeys.stream: "\(name)", LogKeys.group: "\(group)",
                    LogKeys.count: .stringConvertible(held.count),
                ])
            session.watch.reset()
            session.ownership.restore(held, on: connection) { [unowned self] error in
                if let error { return session.refuse(error) }
                session.perform(session.machine.didRestore(number))
            }
        case .putBack: putBack(number, on: connection)
        case .lease: session.lease?.ask(number, on: connection)
        case .adopt:
            session.lease == nil
                ? session.adoption.adopt(number, after: .open, on: connection)
                : session.adoption.adoptAll(number, after: .open, on: connection)
        case .locate:
            connection.send(.groups(of: name)) { [unowned self] result in
                let found = (try? result.get())?.first { $0.name == group }
                session.perform(session.machine.didLocate(found?.lastDelivered, number))
            }
        case .prove:
            // What was asked so far is answered by many a server that lets nobody read: without a disk, without replicas.
            connection.send(.heartbeat(stream: name, group: group, consumer: worker.consumer)) {
                [unowned self] result in
                if case .failure(let error) = result { return session.refuse(error) }
                session.perform(session.machine.didProve(number))
            }
        }
    }

    private func meet(_ number: Int, on connection: RedisConnection) {
        connection.send(.mark(GroupMark.new(), isPlaceKnown: false, stream: name, group: group)) {
            [unowned self] result in
            switch result {
            case .success(let mark):
                isSameGroup = session.machine.mark?.name == mark
                session.perform(session.machine.didMeet(GroupMark(name: mark), number))
            case .failure(.server(let error)) where error.kind == .noGroup || error.isNoSuchKey:
                session.perform(session.machine.missGroup())
            case .failure(let error): session.refuse(error)
            }
        }
    }

    private func register(_ number: Int, on connection: RedisConnection) {
        let command = StreamCommand.register(session.ownerMark, replacing: goneToken ?? "", stream: name, group: group)
        connection.send(command) { [unowned self] result in
            switch result {
            case .success(session.ownerMark.token): didRegister(number)
            case .success(let token): meetRival(token, number, on: connection)
            // Who may not make a consumer goes without.
            case .failure(let error):
                if error.endsConnection { return }
                didRegister(number)
            }
        }
    }

    private func didRegister(_ number: Int) {
        if rivalToken != nil, session.machine.state == .preparing(.register) {
            logger.notice("the other process of this name is gone", metadata: [LogKeys.stream: "\(name)"])
        }
        (rivalToken, goneToken) = (nil, nil)
        // Before our entries are looked through: others may be taking what our predecessor left.
        worker.commands.connection?.send(
            .heartbeat(stream: name, group: group, consumer: worker.consumer)
        ) { (_: Result<_, RedisError>) in }
        session.perform(session.machine.didRegister(isOurs: true, number))
    }

    /// Another process has this worker's name in the group. It lives as long as it listens to its channel.
    private func meetRival(_ token: String, _ number: Int, on connection: RedisConnection) {
        connection.send(["PUBSUB", "NUMSUB", OwnerMark.channel(token: token)]) { [unowned self] reply in
            if case .failure(let error) = reply, error.endsConnection { return }
            let listeners = (try? reply.get())?.elements?.last?.integer ?? 0
            guard listeners > 0 else {
                goneToken = token
                return register(number, on: connection)
            }
            if rivalToken != token {
                logger.warning(
                    "another process of this instance's name is running; waiting until it stops",
                    metadata: [LogKeys.stream: "\(name)", LogKeys.consumer: "\(worker.consumer)"])
            }
            rivalToken = token
            session.perform(session.machine.didRegister(isOurs: false, number))
        }
    }

    // MARK: - Making the group

    /// A group that is not there is made: where the route begins, or, if this process has seen it before, where it stood.
    private func create(_ number: Int, on connection: RedisConnection) {
        connection.send(.info(name)) { [unowned self] result in
            let last: EntryID?
            switch result {
            case .success(let info): last = info.lastID
            case .failure(.server(let error)) where error.isNoSuchKey || error.kind == .noGroup: last = nil
            case .failure(let error): return session.refuse(error)
            }
            // It is deleted when all is settled; who replays something makes it.
            if session.isReplay, last == nil { session.fallAsleep() }
            guard session.isAwake else { return }
            let held = route.held(of: session.index).map(\.id)
            let known = ([session.machine.position] + held).compactMap { $0 }.max()
            var position =
                known.map { GroupPosition.after($0) } ?? start
                ?? (session.isReplay ? .beginning : GroupPosition(route.config.start))
            // A stream that was deleted may have begun anew, with lower ids.
            if let known, (last ?? .zero) < known { position = .beginning }
            // `$` by its number: should the answer be lost, the next try means the same place.
            if position == .latest { position = last.map { .after($0) } ?? .beginning }
            if known == nil { start = position }
            create(at: position, isNew: known == nil, isStreamGone: last == nil, number, on: connection)
        }
    }

    private func create(
        at position: GroupPosition, isNew: Bool, isStreamGone: Bool, _ number: Int, on connection: RedisConnection
    ) {
        let didCreate = { [unowned self] (result: Result<Void, RedisError>) in
            switch result {
            case .success:
                session.watch.reset()
                let metadata: Logger.Metadata = [
                    LogKeys.stream: "\(name)", LogKeys.group: "\(group)",
                    LogKeys.position: "\(position.argument)",
                ]
                if isNew {
                    logger.info("consumer group made", metadata: metadata)
                } else if isStreamGone {
                    // A stream with a time to live comes and goes: told once.
                    logger.log(
                        level: isToldOfEnd ? .debug : .notice,
                        "the stream was gone; its group is made again with the next one", metadata: metadata)
                    isToldOfEnd = true
                } else {
                    logger.error("the consumer group was gone; made again where it stood", metadata: metadata)
                    // Only they know of what they hold, until they look.
                    session.announce(on: connection)
                }
                if !isNew, position == .beginning { session.machine.wasMovedBack(to: .zero) }
                let id: EntryID? = if case .after(let id) = position { id } else { nil }
                session.perform(session.machine.didCreate(at: id, number))
            case .failure(.server(let error)) where error.kind == .busyGroup:
                session.perform(session.machine.didCreate(at: nil, number))
            case .failure(let error): session.refuse(error)
            }
        }
        guard !isNew else { return connection.send(.createGroup(group, on: name, from: position), didCreate) }
        let command = StreamCommand.makeGroupAgain(GroupMark.new(), from: position, stream: name, group: group)
        connection.send(command) { didCreate($0.map { _ in () }) }
    }

    /// The instance that made the group again knew less of where it had stood than we do.
    private func putBack(_ number: Int, on connection: RedisConnection) {
        guard let position = session.machine.position, let mark = session.machine.mark else {
            return session.perform(session.machine.didPutBack(number))
        }
        connection.send(.putBack(to: position, mark: mark, stream: name, group: group)) { [unowned self] result in
            let metadata: Logger.Metadata = [
                LogKeys.stream: "\(name)", LogKeys.group: "\(group)", LogKeys.position: "\(position)",
                LogKeys.last: "\(mark.origin ?? "")",
            ]
            switch result {
            case .success(1):
                logger.error("the group was made again too far ahead; put back to where it stood", metadata: metadata)
            case .success:
                route.counters.groupGaps += 1
                logger.error(
                    "the group was made again too far ahead, and others have read on: entries between may be skipped",
                    metadata: metadata)
            case .failure(let error): return session.refuse(error)
            }
            session.perform(session.machine.didPutBack(number))
        }
    }
}

extension ServerError {
    /// `XINFO STREAM` of a key that is not there: the only error that means it.
    var isNoSuchKey: Bool { code == "ERR" && message.hasPrefix("no such key") }
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
