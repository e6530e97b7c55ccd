internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import Logging
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
    /// It reads what is to be delivered once more. It sleeps until there is such a stream.
    let isReplay: Bool
    private(set) var isAwake: Bool
    private var isLooking = false
    var worker: WorkerContext { route.worker }
    var group: String { route.config.group }
    private var link: RedisLink
    var machine: SessionMachine
    /// `nil` if several consumers may read the stream at a time.
    private(set) lazy var lease = route.config.isOrdered ? Lease(self) : nil
    var watch = GroupWatch()
    let ownerMark: OwnerMark
    private(set) lazy var preparation = Preparation(self)
    private(set) lazy var adoption = Adoption(self)
    private(set) lazy var ownership = Ownership(self)
    private(set) lazy var takeover = Takeover(self)
    private(set) lazy var trimming = Trimming(self)
    /// Why the server does not let us prepare, or read.
    private(set) var trouble: String?
    private var isToldOfHaste = false
    /// There was more to read than was asked for, as far as is known.
    private(set) var hasBacklog = false
    /// A read that takes nothing is outstanding.
    private(set) var isWaiting = false
    /// Such a read has just found something; and there was nothing to read after all.
    private var isCalled = false
    private var wasCalledInVain = false
    /// Room in the route's window that an outstanding read may fill.
    private(set) var reserved = 0
    /// Not before this time is read again: a server that answers at once without entries is not asked in a circle.
    private var pausedUntil: MonotonicTime?
    /// The group was moved back, and is not yet where it was.
    private var isBehind = false
    private var roundTimer: LoopTimer?
    /// What people have told the route to do, as this stream's group says; and whether that is known since the session opened.
    private(set) var hold: HoldMark?
    private var isHoldKnown = false
    private var onFinished: (() -> Void)?

    init(_ index: Int, of route: Route) {
        self.route = route
        self.index = index
        name = route.places[index]
        isReplay = route.isReplay(index)
        isAwake = !isReplay
        machine = SessionMachine(isLeased: route.config.isOrdered)
        link = route.worker.makeLink()
        ownerMark = OwnerMark(
            consumer: route.worker.consumer, token: route.worker.token, claimAfter: route.config.claimAfter)
    }

    var logger: Logger { route.logger }
    var wasOpen: Bool { machine.wasOpen }
    var isOpen: Bool { machine.isOpen }
    var mayRead: Bool { machine.mayRead && pausedUntil == nil && isHoldKnown }
    /// What was read may be sent: it cannot be another's by now.
    var isCertain: Bool { machine.mayStart && ownership.isCertain && isHoldKnown }
    /// Signs of life, and looks at the others, are so far apart at most.
    var beatInterval: Duration { min(route.config.claimAfter / 4, .seconds(10)) }

    /// Why nothing is read; `nil` while a read is outstanding, or is made as soon as there is room.
    var obstacle: String? {
        guard isAwake else { return nil }
        return switch machine.state {
        case .open, .closed, .standby, .handingOver: nil
        case .offline: "not connected"
        case .preparing where machine.standsBy: nil
        case .preparing: trouble ?? "its pending entries are being looked at"
        case .refused: trouble ?? "refused"
        case .rival: "another process of this instance's name is running; waiting until it stops"
        }
    }

    // MARK: - Life

    func begin() {
        guard isAwake else { return lookLater() }
        link.onUp = { [unowned self] connection in
            worker.health.didConnect(link, connection)
            perform(machine.didConnect())
        }
        link.onDown = { [unowned self] error in
            worker.health.didLose(link, error)
            machine.didDisconnect()
            (reserved, isHoldKnown) = (0, false)
            if onFinished != nil { hangUp() }
        }
        link.start()
        scheduleRound(after: .zero)
    }

    /// Looks now and then whether there is something to replay; who puts something there says so, and `heard` looks at once.
    private func lookLater() {
        roundTimer = worker.loop.schedule(after: beatInterval) { [unowned self] in
            look()
            if !isAwake { lookLater() }
        }
    }

    private func look() {
        guard route.isBegun, !isLooking, !route.isDraining, let connection = worker.commands.connection else { return }
        isLooking = true
        // A user who may not look at it is one who replays nothing.
        connection.send(.groups(of: name)) { [weak self] result in
            guard let self else { return }
            isLooking = false
            guard case .success = result, !isAwake, !route.isDraining else { return }
            stopRounds()
            isAwake = true
            isHoldKnown = false
            route.didWake()
            begin()
        }
    }

    /// Nothing of a replay stream is held here, or by anybody: it is deleted, unless something has been added meanwhile. Each instance finds
    /// out by itself, when it prepares again, and goes back to sleep.
    private func dismiss(on connection: RedisConnection) {
        guard isReplay, machine.isOpen, !holdsAnything else { return }
        connection.send(.dismissReplays(name)) { [weak self] (result: Result<Int, RedisError>) in
            // A user who may not do that keeps an empty stream.
            if case .success(1) = result { self?.fallAsleep() }
        }
    }

    private var holdsAnything: Bool { reserved > 0 && hasBacklog || route.table.count(of: index) > 0 }

    /// The stream of replays is gone, and nothing of it is held. Its connection goes, too; what is replayed later wakes the session.
    func fallAsleep() {
        guard isReplay, isAwake, !holdsAnything, !route.isDraining, onFinished == nil else { return }
        isAwake = false
        route.didFallAsleep()
        stopRounds()
        machine.fallAsleep()
        lease?.fallAsleep()
        watch = GroupWatch()
        worker.drop(link)
        link = worker.makeLink()
        (reserved, pausedUntil, hold, trouble) = (0, nil, nil, nil)
        (hasBacklog, isWaiting, isCalled, wasCalledInVain, isBehind) = (false, false, false, false, false)
        lookLater()
        // Something may have been added since.
        look()
    }

    /// The connection for commands stands (again).
    func didConnectCommands() {
        watch.didReconnect()
        guard isAwake else { return look() }
        if machine.isPreparing || [.rival, .standby, .handingOver].contains(machine.state) {
            perform(machine.didConnectCommands())
        } else if machine.isOpen, let connection = worker.commands.connection {
            // The answer that would have said whether the route is paused may have been lost.
            isHoldKnown ? ownership.beat(on: connection) : visit(on: connection)
        }
    }

    /// Closes the connection. Entries that the server sends at this moment stay pending, as if they had been begun.
    func close() {
        stopRounds()
        machine.close()
        worker.drop(link)
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

    func perform(_ action: SessionMachine.Action) {
        switch action {
        case .none: break
        case .open: didOpen()
        case .standBy:
            // People may pause the route meanwhile: asked again before anything of the stream begins here.
            isHoldKnown = false
            lease?.standBy()
        case .prepareAfter(let pause):
            worker.loop.schedule(after: pause) { [weak self] in
                guard let self else { return }
                perform(machine.didWait())
            }
        case .perform(let step):
            // Without a connection for commands: `didConnectCommands` comes back to it.
            guard let connection = worker.commands.connection else { return }
            preparation.perform(step, machine.preparation, on: connection)
        }
    }

    /// The server would not let us prepare, or read: told once, tried again with growing waits.
    func refuse(_ error: RedisError) {
        guard !error.endsConnection else { return }
        if error.serverError?.kind == .noGroup { return perform(machine.missGroup()) }
        let text = error.words
        if trouble != text {
            trouble = text
            logger.error("cannot read", metadata: [LogKeys.stream: "\(name)", LogKeys.error: "\(text)"])
        }
        if error.serverError?.kind == .wrongType { preparation.metWrongType() }
        perform(machine.didRefuse())
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

    // MARK: - Reading

    /// Asks for at most `count` entries.
    func read(_ count: Int) {
        guard mayRead, let connection = link.connection else { return }
        machine.didStartReading()
        if hasBacklog { return readBacklog(count, on: connection) }
        machine.lease == nil ? readOrWait(min(count, Self.waitingCount), on: connection) : wait(on: connection)
    }

    /// Waits for an entry without taking it: what is given to a connection that waits is given without looking whose lease it is.
    private func wait(on connection: RedisConnection) {
        isWaiting = true
        let sentAt = MonotonicTime.now
        connection.send(
            .read([(name, after: .after(machine.position ?? .zero))], count: 1, block: Self.blockTime),
            deadline: Self.blockTime * 3
        ) { [weak self] (result: Result<[StreamBatch], RedisError>) in
            guard let self else { return }
            isWaiting = false
            machine.didFailReading()
            switch result {
            case .failure(let error): refuse(error)
            case .success(let found):
                isCalled = !found.isEmpty
                hasBacklog = isCalled
                // Nothing came of the last call, either.
                let isHasty = isCalled ? wasCalledInVain : MonotonicTime.now - sentAt < Self.blockTime / 10
                pause(isHasty: isHasty && onFinished == nil)
            }
            worker.loop.atEndOfTurn(route)
            if onFinished != nil { hangUp() }
        }
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
            .backlog(
                count: count, bytes: Self.backlogBytes, stream: name, group: group, consumer: worker.consumer,
                lease: machine.lease),
            deadline: Self.blockTime * 3
        ) { [weak self] result in
            if let self, case .success(let read) = result {
                hasBacklog = read.hasMore
                wasCalledInVain = isCalled && read.entries.isEmpty
                isCalled = false
            }
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
            error.isFenced ? lose() : refuse(error)
        case .success(let entries):
            let wasBehind = isBehind
            isBehind = entries.first.map { $0.id <= machine.lastRead ?? .zero } ?? isBehind
            if isBehind, !wasBehind, let first = entries.first { tell(.movedBack(to: first.id)) }
            let isDoubtful = machine.didRead(upTo: entries.last?.id)
            route.intake.received(entries, of: index)
            ownership.didRead(entries, isDoubtful: isDoubtful)
        }
        worker.loop.atEndOfTurn(route)
        if onFinished != nil { hangUp() }
    }

    // MARK: - Rounds

    private func scheduleRound(after delay: Duration) {
        roundTimer = worker.loop.schedule(after: delay) { [unowned self] in
            scheduleRound(after: beatInterval)
            guard let connection = worker.commands.connection, machine.state != .rival,
                machine.wasOpen || [.preparing(.adopt), .standby].contains(machine.state)
            else { return lookForHold() }
            // Until the end: what is in flight must not be taken for a dead instance's.
            route.isDraining ? ownership.beat(on: connection) : visit(on: connection)
        }
    }

    /// Shows that we live, and looks who else does.
    func visit(on connection: RedisConnection) {
        ownership.beat(on: connection)
        guard machine.isOpen else {
            lookForHold()
            return perform(machine.mayLead())
        }
        connection.send(.survey(stream: name, group: group, mark: machine.mark?.name)) { [unowned self] result in
            // Of another group nothing is noted: where ours stood has to be known when it is made again.
            guard case .success(let survey) = result, survey.mark == machine.mark?.name else { return }
            for finding in watch.note(survey) {
                if case .movedBack(let id) = finding { machine.wasMovedBack(to: id) }
                tell(finding)
            }
            machine.stands(at: survey.lastDelivered)
        }
        takeover.look(on: connection)
        trimming?.look(on: connection)
        dismiss(on: connection)
    }

    /// Of a session that is not open: what is being adopted may have to wait until some of it is sent, and a mark that was seen
    /// would hold the route for ever if nobody looked whether it is still there.
    private func lookForHold() {
        guard hold != nil || machine.isEstablished, !route.isDraining, let connection = worker.commands.connection
        else { return }
        takeover.lookForHold(on: connection)
    }

    /// Something was published for this stream: entries were released, the group was made anew, a process has left, or people want
    /// something of the route.
    func heard(_ message: String? = nil) {
        guard isAwake else { return look() }
        guard route.isBegun, !route.isDraining, let connection = worker.commands.connection else { return }
        if message == RouteControl.retryMessage { return route.retryNow() }
        machine.state == .rival ? perform(machine.didWait()) : visit(on: connection)
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

    /// Whether people have told the route to wait; `nil` if nobody can tell.
    func sawHold(_ mark: HoldMark?) {
        let mark = Parts.hold(mark)
        let isNews = !isHoldKnown || mark != hold
        // In other states it is not known whose the stream's entries are: nothing of them is to begin, whatever people want.
        (hold, isHoldKnown) = (mark, isHoldKnown || machine.isEstablished)
        if isNews { route.holdMayHaveChanged() }
    }

    /// Another consumer has the lease, or may have it.
    func lose() { perform(machine.loseLease()) }

    /// A mark was seen, `nil` if the group has none: it may be another group, or its mark was removed.
    func sawMark(_ name: String?) {
        guard machine.isOpen else { return }
        if let name { return perform(machine.sawMark(name)) }
        ownership.suspect()
    }

    // MARK: - Telling others

    /// What is published when entries of a stream were released, its group was made again, or a process has left: others
    /// look at it at once.
    var channel: String { Self.channel(stream: name, group: group) }

    static func channel(stream: String, group: String) -> String { "\(WellKnownConsumer.released):\(group):\(stream)" }

    /// Who may not publish lets the others find out at their next round.
    func announce(on connection: RedisConnection) {
        connection.send(["PUBLISH", channel, worker.consumer]) { _ in }
    }

    func key(_ id: EntryID) -> EntryKey { EntryKey(stream: index, id: id) }
}

extension EntryID {
    /// Where the next page begins; `nil` after the highest id there is.
    var bound: EntryBound? { self == .maximum ? nil : .excluded(self) }
}
