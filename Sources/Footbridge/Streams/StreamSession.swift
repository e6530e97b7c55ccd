internal import Curl
internal import Logging
internal import RESP
internal import Redis
internal import RedisStreams

/// One stream of one route on one worker: its connection for reading, what has to be seen to before anything is read, and
/// whether what was read is still ours.
///
/// Performs what `SessionMachine` decides. Knows nothing of requests and endpoints: entries go into the route's table.
final class StreamSession {
    /// How long the server waits for an entry. Short enough that a moved group, a renamed stream or a dead server is
    /// noticed: a blocked read is not told of them.
    static let blockTime = Duration.seconds(5)
    /// Entries that a read asks for that may have to wait: whatever their size, few enough to keep in memory.
    private static let waitingCount = 4
    /// Bytes that one read of a backlog may bring, the last few entries not counted.
    private static let backlogBytes = 4 << 20

    unowned let route: Route
    let index: Int
    let name: String
    var worker: WorkerContext { route.worker }
    var group: String { route.config.group }
    private let link: RedisLink
    private(set) var machine = SessionMachine()
    private var tenure: Tenure
    private var watch = GroupWatch()
    private(set) lazy var takeover = Takeover(self)
    private var trouble: String?
    private var isToldOfHaste = false
    private var isToldOfEnd = false
    /// The group was made here, where it is known to have stood: nobody need put it back further.
    private var isPlaceKnown = false
    /// There was more to read than was asked for, as far as is known.
    private(set) var hasBacklog = false
    /// Room in the route's window that an outstanding read may fill.
    private(set) var reserved = 0
    /// Not before this time is read again: a server that answers at once without entries is not asked in a circle.
    private var pausedUntil: MonotonicTime?
    /// Where the group begins if it has to be made: what was added since this process first looked is not skipped.
    private var start: GroupPosition?
    private var isVerifying = false
    /// What was under way when we had been silent for too long: missing entries among it are others' by now.
    private var exposed: Set<EntryID> = []
    /// The read that is outstanding may bring what others have taken meanwhile.
    private var isReadLate = false
    /// The group was moved back, and is not yet where it was.
    private var isBehind = false
    private var owner: OwnerMark
    /// Of a process with our name that lives, or lived.
    private var rivalToken: String?
    private var goneToken: String?
    private var roundTimer: LoopTimer?
    private var onFinished: (() -> Void)?

    init(_ index: Int, of route: Route) {
        self.route = route
        self.index = index
        name = route.config.streams[index]
        link = route.worker.makeLink()
        tenure = Tenure(claimAfter: route.config.claimAfter)
        owner = OwnerMark(
            consumer: route.worker.consumer, token: route.worker.token, claimAfter: route.config.claimAfter)
    }

    var logger: Logger { route.logger }
    var wasOpen: Bool { machine.wasOpen }
    var isOpen: Bool { machine.isOpen }
    var mayRead: Bool { machine.mayRead && pausedUntil == nil }
    /// What was read may be sent: it cannot be another's by now.
    var isCertain: Bool { tenure.isCertain(at: worker.loop.now) }
    /// Signs of life, and looks at the others, are so far apart at most.
    var beatInterval: Duration { min(route.config.claimAfter / 4, .seconds(10)) }

    /// Why nothing is read; `nil` while a read is outstanding, or is made as soon as there is room.
    var obstacle: String? {
        switch machine.state {
        case .open, .closed: nil
        case .offline: "not connected"
        case .preparing: trouble ?? "its pending entries are being looked at"
        case .refused: trouble ?? "refused"
        case .rival: "another process of this instance's name is running; waiting until it stops"
        }
    }

    // MARK: - Life

    func begin() {
        link.onUp = { [unowned self] _ in
            worker.health.didConnect(link)
            perform(machine.didConnect())
        }
        link.onDown = { [unowned self] error in
            worker.health.didLose(link, error)
            machine.didDisconnect()
            reserved = 0
            if onFinished != nil { hangUp() }
        }
        link.start()
        scheduleRound(after: .zero)
    }

    /// The connection for commands stands (again).
    func didConnectCommands() {
        if machine.isPreparing || machine.state == .rival {
            perform(machine.didConnectCommands())
        } else if machine.isOpen, let connection = worker.commands.connection {
            beat(on: connection)
        }
    }

    /// Closes the connection. Entries that the server sends at this moment stay pending, as if they had been begun.
    func close() {
        stopRounds()
        machine.close()
        link.stop()
        reserved = 0
    }

    /// A sign of life would bring the consumer back onto the list that it has left.
    func stopRounds() {
        if let roundTimer { worker.loop.cancel(roundTimer) }
        roundTimer = nil
    }

    /// Stops reading in good order: the server is asked to end the read that is outstanding, and its answer is waited for.
    /// What it brings still goes into the table.
    func finish(_ completion: @escaping () -> Void) {
        onFinished = completion
        endRead()
    }

    private func endRead() {
        guard onFinished != nil else { return }
        guard machine.reading != nil, let reader = link.connection?.clientID, let commands = worker.commands.connection
        else { return hangUp() }
        commands.send(["CLIENT", "UNBLOCK", reader]) { [weak self] reply in
            switch reply {
            // It does not block: the read is still on its way to the server, or the answer is on its way to us.
            case .success(.integer(0)):
                self?.worker.loop.schedule(after: .milliseconds(10)) { [weak self] in self?.endRead() }
            case .success: break
            // Not allowed, or Redis is away: no answer that we could wait for.
            case .failure: self?.hangUp()
            }
        }
    }

    private func hangUp() {
        link.stop()
        machine.close()
        reserved = 0
        let completion = onFinished
        onFinished = nil
        completion?()
    }

    // MARK: - Preparing

    private func perform(_ action: SessionMachine.Action) {
        switch action {
        case .none: break
        case .open: didOpen()
        case .prepareAfter(let pause):
            worker.loop.schedule(after: pause) { [weak self] in
                guard let self else { return }
                perform(machine.didWait())
            }
        case .perform(let step):
            // Without a connection for commands: `didConnectCommands` comes back to it.
            guard let connection = worker.commands.connection else { return }
            perform(step, machine.preparation, on: connection)
        }
    }

    private func perform(_ step: SessionMachine.Step, _ number: Int, on connection: RedisConnection) {
        switch step {
        case .meet: meet(number, on: connection)
        case .create: create(number, on: connection)
        case .register: register(number, on: connection)
        case .restore:
            let held = route.held(of: index)
            logger.log(
                level: held.isEmpty ? .debug : .error,
                "the consumer group is another than before; what is held here goes back into it",
                metadata: [
                    LogKeys.stream: "\(name)", LogKeys.group: "\(group)",
                    LogKeys.count: .stringConvertible(held.count),
                ])
            watch.reset()
            restore(held, on: connection) { [unowned self] error in
                if let error { return refuse(error) }
                perform(machine.didRestore(number))
            }
        case .putBack: putBack(number, on: connection)
        case .adopt: adopt(number, after: .open, on: connection)
        case .locate:
            connection.send(.groups(of: name)) { [unowned self] result in
                let found = (try? result.get())?.first { $0.name == group }
                perform(machine.didLocate(found?.lastDelivered, number))
            }
        case .prove:
            // What was asked so far is answered by many a server that lets nobody read: without a disk, without replicas.
            connection.send(.heartbeat(stream: name, group: group, consumer: worker.consumer)) {
                [unowned self] result in
                if case .failure(let error) = result { return refuse(error) }
                perform(machine.didProve(number))
            }
        }
    }

    private func meet(_ number: Int, on connection: RedisConnection) {
        connection.send(.mark(GroupMark.new(), isPlaceKnown: isPlaceKnown, stream: name, group: group)) {
            [unowned self] result in
            switch result {
            case .success(let mark):
                isPlaceKnown = false
                perform(machine.didMeet(GroupMark(name: mark), number))
            case .failure(.server(let error)) where error.kind == .noGroup || error.isNoSuchKey:
                perform(machine.missGroup())
            case .failure(let error): refuse(error)
            }
        }
    }

    /// The server would not let us prepare, or read: told once, tried again with growing waits.
    private func refuse(_ error: RedisError) {
        guard !error.endsConnection else { return }
        if error.serverError?.kind == .noGroup { return perform(machine.missGroup()) }
        let text = "\(error)"
        if trouble != text {
            trouble = text
            logger.error("cannot read", metadata: [LogKeys.stream: "\(name)", LogKeys.error: "\(text)"])
        }
        // What is added until it is mended has been waited for.
        if error.serverError?.kind == .wrongType, machine.position == nil { start = .beginning }
        perform(machine.didRefuse())
    }

    private func register(_ number: Int, on connection: RedisConnection) {
        let command = StreamCommand.register(owner, replacing: goneToken ?? "", stream: name, group: group)
        connection.send(command) { [unowned self] result in
            switch result {
            case .success(owner.token): didRegister(number)
            case .success(let token): meetRival(token, number, on: connection)
            // Who may not make a consumer goes without.
            case .failure(let error):
                if error.endsConnection { return }
                didRegister(number)
            }
        }
    }

    private func didRegister(_ number: Int) {
        if rivalToken != nil, machine.state == .preparing(.register) {
            logger.notice("the other process of this name is gone", metadata: [LogKeys.stream: "\(name)"])
        }
        (rivalToken, goneToken) = (nil, nil)
        perform(machine.didRegister(isOurs: true, number))
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
            perform(machine.didRegister(isOurs: false, number))
        }
    }

    private func didOpen() {
        if trouble != nil {
            trouble = nil
            logger.notice("reading again", metadata: [LogKeys.stream: "\(name)"])
        }
        // Before the first round: what was released waits for us, and nothing is sent before a sign of life.
        if let connection = worker.commands.connection { visit(on: connection) }
        worker.loop.atEndOfTurn(route)
    }

    // MARK: - Making the group

    /// A group that is not there is made: where the route begins, or, if this process has seen it before, where it stood.
    private func create(_ number: Int, on connection: RedisConnection) {
        connection.send(.info(name)) { [unowned self] result in
            let last: EntryID?
            switch result {
            case .success(let info): last = info.lastID
            case .failure(.server(let error)) where error.isNoSuchKey || error.kind == .noGroup: last = nil
            case .failure(let error): return refuse(error)
            }
            let held = route.held(of: index).map(\.id)
            let known = ([machine.position] + held).compactMap { $0 }.max()
            var position = known.map { GroupPosition.after($0) } ?? start ?? GroupPosition(route.config.start)
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
        connection.send(.createGroup(group, on: name, from: position)) { [unowned self] result in
            switch result {
            case .success:
                watch.reset()
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
                    announce(on: connection)
                }
                if !isNew, position == .beginning { machine.wasMovedBack(to: .zero) }
                isPlaceKnown = !isNew
                let id: EntryID? = if case .after(let id) = position { id } else { nil }
                perform(machine.didCreate(at: id, number))
            case .failure(.server(let error)) where error.kind == .busyGroup:
                perform(machine.didCreate(at: nil, number))
            case .failure(let error): refuse(error)
            }
        }
    }

    /// The instance that made the group again knew less of where it had stood than we do.
    private func putBack(_ number: Int, on connection: RedisConnection) {
        guard let position = machine.position, let mark = machine.mark else {
            return perform(machine.didPutBack(number))
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
            case .failure(let error): return refuse(error)
            }
            perform(machine.didPutBack(number))
        }
    }

    // MARK: - Our own pending entries

    private static let page = 1000

    /// Looks through what Redis holds as ours, without touching attempt counts, as a history read would.
    private func adopt(_ number: Int, after: EntryBound, on connection: RedisConnection) {
        connection.send(ownPending(after: after)) { [unowned self] result in
            guard machine.state == .preparing(.adopt), machine.preparation == number else { return }
            switch result {
            case .failure(let error): refuse(error)
            case .success(let rows):
                adoptUnknown(rows)
                guard rows.count == Self.page, let next = rows.last?.id.bound else {
                    return perform(machine.didAdopt(number))
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
            guard let self, machine.state == .preparing(.adopt), machine.preparation == number else { return }
            if route.table.count(.waiting) < route.config.maximumParked / 2, let connection = worker.commands.connection
            {
                adopt(number, after: after, on: connection)
            } else {
                adoptLater(number, after: after)
            }
        }
    }

    private func ownPending(after: EntryBound) -> StreamCommand<[PendingEntry]> {
        .pending(stream: name, group: group, consumer: worker.consumer, from: after, count: Self.page)
    }

    private func adoptUnknown(_ rows: [PendingEntry]) {
        let unknown = rows.filter { !route.table.contains(key($0.id)) }
        guard !unknown.isEmpty else { return }
        for row in unknown {
            // What comes to light after the first look was lost on its way to us: its last attempt was never begun.
            let count = wasOpen ? max(0, row.deliveryCount - 1) : row.deliveryCount
            route.adopt(key(row.id), deliveryCount: count, idle: row.idle)
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
            adoptUnknown(rows.filter { $0.idle > Self.blockTime * 3 })
            if rows.count == Self.page, let next = rows.last?.id.bound,
                route.table.count(.waiting) < route.config.maximumParked
            {
                adoptForgotten(after: next, on: connection)
            }
        }
    }

    /// Entries that the server sent while we hung up were not begun: their attempt does not count.
    func handBackUnread(_ completion: @escaping () -> Void) {
        guard wasOpen, let connection = worker.commands.connection else { return completion() }
        let from = machine.position.map { $0 == .maximum ? EntryBound.included($0) : .excluded($0) } ?? .open
        connection.send(ownPending(after: from)) { [unowned self] result in
            for row in (try? result.get()) ?? [] where row.deliveryCount == 1 && !route.table.contains(key(row.id)) {
                route.handBack(key(row.id))
            }
            completion()
        }
    }

    private func key(_ id: EntryID) -> EntryKey { EntryKey(stream: index, id: id) }

    // MARK: - Reading

    /// Asks for at most `count` entries.
    func read(_ count: Int) {
        guard mayRead, let connection = link.connection else { return }
        machine.didStartReading()
        hasBacklog ? readBacklog(count, on: connection) : readOrWait(min(count, Self.waitingCount), on: connection)
    }

    private func readOrWait(_ count: Int, on connection: RedisConnection) {
        reserved = count
        let sentAt = MonotonicTime.now
        // Some servers restart the blocking time when another consumer is quicker (redis #12998): a wide margin.
        connection.send(
            .readGroup(group, consumer: worker.consumer, stream: name, count: count, block: Self.blockTime),
            deadline: Self.blockTime * 3
        ) { [weak self] result in
            guard let self else { return }
            if case .success(let entries) = result {
                hasBacklog = entries.count == count
                pause(isHasty: entries.isEmpty && onFinished == nil && MonotonicTime.now - sentAt < Self.blockTime / 10)
            }
            didRead(result)
        }
    }

    /// What is there, up to a number of entries and of bytes: large entries do not come by the hundred.
    private func readBacklog(_ count: Int, on connection: RedisConnection) {
        reserved = count
        connection.send(
            .backlog(count: count, bytes: Self.backlogBytes, stream: name, group: group, consumer: worker.consumer),
            deadline: Self.blockTime * 3
        ) { [weak self] result in
            if let self, case .success(let read) = result { hasBacklog = read.hasMore }
            self?.didRead(result.map(\.entries))
        }
    }

    private func pause(isHasty: Bool) {
        guard let pause = machine.noteAnswer(isHasty: isHasty) else { return }
        if machine.hastyAnswers == 3, !isToldOfHaste {
            isToldOfHaste = true
            logger.warning(
                "Redis answers reads at once, though there is nothing to read; reading more slowly",
                metadata: [LogKeys.stream: "\(name)"])
        }
        pausedUntil = worker.loop.now + pause
        worker.loop.schedule(after: pause) { [weak self] in
            guard let self else { return }
            pausedUntil = nil
            worker.loop.atEndOfTurn(route)
        }
    }

    private func didRead(_ result: Result<[StreamEntry], RedisError>) {
        reserved = 0
        switch result {
        case .failure(let error):
            machine.didFailReading()
            refuse(error)
        case .success(let entries):
            let wasBehind = isBehind
            isBehind = entries.first.map { $0.id <= machine.lastRead ?? .zero } ?? isBehind
            if isBehind, !wasBehind, let first = entries.first { tell(.movedBack(to: first.id)) }
            let isDoubtful = machine.didRead(upTo: entries.last?.id)
            route.received(entries, from: self)
            if isDoubtful { restoreRead(entries.map(\.id)) }
            if isReadLate, !entries.isEmpty { verify(isLate: true) }
            isReadLate = false
        }
        worker.loop.atEndOfTurn(route)
        if onFinished != nil { hangUp() }
    }

    // MARK: - Signs of life

    private func scheduleRound(after delay: Duration) {
        roundTimer = worker.loop.schedule(after: delay) { [unowned self] in
            scheduleRound(after: beatInterval)
            guard let connection = worker.commands.connection, machine.wasOpen, machine.state != .rival else { return }
            // Until the end: what is in flight must not be taken for a dead instance's.
            route.isDraining ? beat(on: connection) : visit(on: connection)
        }
    }

    /// Shows that we live, and looks who else does.
    func visit(on connection: RedisConnection) {
        beat(on: connection)
        guard machine.isOpen else { return }
        connection.send(.survey(stream: name, group: group)) { [unowned self] result in
            // Of another group nothing is noted: where ours stood has to be known when it is made again.
            guard case .success(let survey) = result, survey.mark == machine.mark?.name else { return }
            for finding in watch.note(survey) {
                if case .movedBack(let id) = finding { machine.wasMovedBack(to: id) }
                tell(finding)
            }
            machine.stands(at: survey.lastDelivered)
        }
        takeover.look(on: connection)
    }

    /// Something was published for this stream: entries were released, the group was made anew, or a process has left.
    func heard() {
        guard !route.isDraining, let connection = worker.commands.connection else { return }
        machine.state == .rival ? perform(machine.didWait()) : visit(on: connection)
    }

    private func beat(on connection: RedisConnection) {
        let sentAt = MonotonicTime.now
        connection.send(.heartbeat(stream: name, group: group, consumer: worker.consumer)) { [unowned self] result in
            switch result {
            case .success: break
            case .failure(.server(let error)):
                // Only a read notices that the group is gone, and with a full window there is none.
                if error.kind == .noGroup, machine.isOpen { perform(machine.missGroup()) }
                // Without a group there is nothing that others could take.
                guard [.noGroup, .wrongType].contains(error.kind) else { return }
            case .failure: return
            }
            if tenure.confirm(sentAt: sentAt, answeredAt: .now) { verify(isLate: true) }
            worker.loop.atEndOfTurn(route)
        }
    }

    func tell(_ finding: GroupWatch.Finding) {
        var metadata: Logger.Metadata = [LogKeys.stream: "\(name)", LogKeys.group: "\(group)"]
        switch finding {
        case .unreadLost(let count):
            route.counters.unreadLost += count
            metadata[LogKeys.count] = .stringConvertible(count)
            logger.error(
                "entries were trimmed or deleted before they were read; give the stream a longer MAXLEN",
                metadata: metadata)
        case .movedBack(let id):
            metadata[LogKeys.position] = "\(id)"
            logger.warning("the group was moved back: entries come again", metadata: metadata)
        case .movedForward(let id):
            metadata[LogKeys.position] = "\(id)"
            logger.error("the group was moved forward: what it passed over is never delivered", metadata: metadata)
        case .movedBeyondEnd(let id, let end):
            metadata[LogKeys.position] = "\(id)"
            metadata[LogKeys.last] = "\(end)"
            logger.error(
                "the group stands beyond the last entry: what is added up to there is never delivered",
                metadata: metadata)
        }
    }

    /// A mark was seen, `nil` if the group has none: it may be another group, or its mark was removed.
    func sawMark(_ name: String?) {
        guard machine.isOpen else { return }
        if let name { return perform(machine.sawMark(name)) }
        suspect()
    }

    // MARK: - Whose is it?

    /// Something that we hold was not found as ours. Redis is asked what is.
    func suspect() {
        guard machine.isOpen else { return }
        // After a silence this may be heard before the answer to the next sign of life.
        verify(isLate: tenure.mayBeLost(at: .now))
    }

    /// Asks which of the entries that are held here are still ours, and lets go of the others.
    ///
    /// A group that was made anew meanwhile knows of none of them: then what is held goes back into it. So it does if the
    /// group is the same and our consumer was removed, which takes all of its entries along.
    private func verify(isLate: Bool) {
        guard !isVerifying else { return }
        guard let connection = worker.commands.connection else { return }
        isVerifying = true
        let number = isLate ? tenure.beginVerification() : nil
        // What the read that is outstanding brings may have been given to us before.
        if isLate {
            isReadLate = machine.reading != nil
            exposed = Set(route.underWay(of: index))
        }
        let ids = Set(route.resting(of: index))
        func end(answered: Bool) {
            isVerifying = false
            if let number { tenure.endVerification(number, answered: answered) }
            worker.loop.atEndOfTurn(route)
        }
        ownEntries(from: ids.min(), to: ids.max(), [], on: connection) { [unowned self] own in
            guard let own else { return end(answered: false) }
            if !isLate, tenure.mayBeLost(at: .now) {
                end(answered: false)
                return verify(isLate: true)
            }
            defer { end(answered: true) }
            if let mark = own.mark, let known = machine.mark, mark != known.name {
                return perform(machine.sawMark(mark))
            }
            let missing = ids.subtracting(own.ids)
            // Some of them may have begun to be fetched since they were asked for, and stay in the table.
            if isLate { exposed.formUnion(missing) }
            // Made anew by somebody who left no mark. Or a clean-up took it: then putting back finds everything in place.
            if own.mark == nil, !missing.isEmpty { return perform(machine.missEntries()) }
            // What was read after a removal has higher ids, and is there.
            let last = missing.subtracting(exposed).max() ?? .zero
            let expected = ids.filter { $0 <= last && !exposed.contains($0) }
            if !isLate, !expected.isEmpty, expected.isSubset(of: missing) {
                logger.error(
                    "this consumer was removed from the group; what is held here goes back into it",
                    metadata: [LogKeys.stream: "\(name)", LogKeys.count: .stringConvertible(expected.count)])
                relinquish(missing.intersection(exposed), "silent for too long: others have taken entries over")
                return perform(machine.missEntries())
            }
            if own.mark == nil, let known = machine.mark {
                // A clean-up took the mark; the group is the same.
                connection.send(["XGROUP", "CREATECONSUMER", name, group, known.name]) { _ in }
            }
            relinquish(
                missing,
                isLate
                    ? "silent for too long: others have taken entries over" : "entries are not ours any more")
        }
    }

    /// - Parameter completion: gets `nil` if Redis does not tell.
    private func ownEntries(
        from first: EntryID?, to last: EntryID?, _ found: Set<EntryID>, on connection: RedisConnection,
        _ completion: @escaping (OwnEntries?) -> Void
    ) {
        let script = StreamCommand.own(
            from: first.map { .included($0) } ?? .open, to: last ?? .zero, stream: name, group: group,
            consumer: worker.consumer)
        connection.send(script) { [unowned self] result in
            guard case .success(var own) = result else { return completion(nil) }
            let next = own.ids.max()?.successor
            let isMore = own.ids.count == Self.page
            own.ids.formUnion(found)
            guard isMore, let next, let last, next <= last else { return completion(own) }
            ownEntries(from: next, to: last, own.ids, on: connection, completion)
        }
    }

    /// Drops what rests here and is another's, or was settled by another.
    private func relinquish(_ ids: Set<EntryID>, _ message: Logger.Message) {
        guard !ids.isEmpty else { return }
        let lost = route.relinquish(ids, of: index)
        guard lost > 0 else { return }
        route.counters.lostOwnership += lost
        logger.notice(message, metadata: [LogKeys.stream: "\(name)", LogKeys.count: .stringConvertible(lost)])
    }

    /// Puts what we hold back among the pending of a group that does not know it.
    func restore(
        _ held: [(id: EntryID, attempts: Int)], on connection: RedisConnection,
        _ completion: @escaping (RedisError?) -> Void
    ) {
        let portions = held.portions(of: ScriptPortion.usual)
        var (waiting, failure) = (portions.count, RedisError?.none)
        guard waiting > 0 else { return completion(nil) }
        for portion in portions {
            let script = StreamCommand.restore(
                Array(portion), stream: name, group: group, consumer: worker.consumer)
            connection.send(script) { [unowned self] result in
                waiting -= 1
                switch result {
                case .success(let done): didRestore(zip(portion.map(\.id), done))
                case .failure(let error): failure = error
                }
                if waiting == 0 { completion(failure) }
            }
        }
    }

    private func didRestore(_ entries: some Sequence<(EntryID, Restored)>) {
        var ids: [Restored: Set<EntryID>] = [:]
        for (id, done) in entries { ids[done, default: []].insert(id) }
        relinquish(ids[.others, default: []], "others have read entries anew that were held here")
        // Of those nobody but us knows: what is here with its body is delivered, the others get their dead letters now.
        route.disown(ids[.gone, default: []], of: index)
    }

    /// Entries of a read that may have been answered before the group was made anew.
    private func restoreRead(_ ids: [EntryID]) {
        guard !ids.isEmpty, let connection = worker.commands.connection else { return }
        restore(ids.map { ($0, 0) }, on: connection) { [unowned self] error in
            if error != nil { suspect() }
        }
    }

    // MARK: - Telling others

    /// What is published when entries of a stream were released, its group was made again, or a process has left: others
    /// look at it at once.
    var channel: String { "\(WellKnownConsumer.released):\(group):\(name)" }

    /// Who may not publish lets the others find out at their next round.
    func announce(on connection: RedisConnection) {
        connection.send(["PUBLISH", channel, worker.consumer]) { _ in }
    }

    var ownerMark: OwnerMark { owner }
}

extension EntryID {
    /// Where the next page begins; `nil` after the highest id there is.
    var bound: EntryBound? { self == .maximum ? nil : .excluded(self) }
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
