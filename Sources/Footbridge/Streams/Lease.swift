internal import FootbridgeCurl
internal import FootbridgeRedis
internal import Logging
internal import RedisStreams

/// Who reads a stream whose entries are kept in order: one consumer at a time. The others stand by.
///
/// The lease is a consumer of the group (`LeaseMark`), and lasts as long as its holder shows life. Several streams are spread over
/// those that live: whoever has two more than another leaves one to it.
final class Lease: SessionPart {
    unowned let session: StreamSession
    /// Who is known to have it, or to get it.
    private(set) var holder: String?
    /// Since when nobody has it.
    private var freeSince: MonotonicTime?
    private var isLookScheduled = false
    /// The holder that the log was told of last.
    private var told: String?
    /// When it was left to others and none of them took it.
    private var leftInVainAt: MonotonicTime?
    private var isLeft = false

    /// Who has fewer streams than others takes what is free at once, the others after this time.
    private static let patience = Duration.milliseconds(500)
    private static let pauseAfterVain = Duration.seconds(600)

    init(_ session: StreamSession) { self.session = session }

    // MARK: - Asking

    /// A step of preparing.
    func ask(_ number: Int, on connection: RedisConnection) {
        // After a step of the clock the holder may look silent.
        session.takeover.lookAtClock(on: connection) { [unowned self] in
            let script = StreamCommand.lease(
                for: session.ownerMark, mayTakeFree: mayTakeFree, isAcquainted: session.takeover.isAcquainted,
                stream: name, group: group)
            connection.send(script) { [unowned self] result in
                switch result {
                case .failure(let error): session.refuse(error)
                case .success(let reply): note(reply, number)
                }
            }
        }
    }

    private func note(_ reply: LeaseReply, _ number: Int) {
        holder = reply.lease?.owner.consumer
        freeSince = reply.lease == nil ? freeSince ?? worker.loop.now : nil
        if let position = reply.position { session.machine.stands(at: position) }
        let lease = Parts.lease(reply, for: session.ownerMark)
        if lease != nil, isLeft { leftInVainAt = worker.loop.now }
        if reply.lease != nil { isLeft = false }
        if lease == nil { lookAgain(after: wait(reply)) }
        tell(lease != nil)
        session.perform(session.machine.didLease(lease, number))
    }

    /// Once for each change.
    private func tell(_ isOurs: Bool) {
        guard let holder, told != holder else { return }
        told = holder
        logger.info(
            isOurs ? "this instance delivers the stream" : "another instance delivers the stream; standing by",
            metadata: [LogKeys.stream: "\(name)", LogKeys.consumer: "\(holder)"])
    }

    /// Until the lease may be had.
    private func wait(_ reply: LeaseReply) -> Duration {
        guard let lease = reply.lease else { return Self.patience }
        guard let idle = reply.idle else { return Self.patience }
        let silence = max(route.config.claimAfter, lease.owner.claimAfter)
        return idle >= silence ? .milliseconds(200) : silence - idle + .milliseconds(20)
    }

    private func lookAgain(after delay: Duration) {
        guard delay < session.beatInterval, !isLookScheduled else { return }
        isLookScheduled = true
        worker.loop.schedule(after: delay) { [weak self] in
            guard let self else { return }
            isLookScheduled = false
            guard !route.isDraining else { return }
            session.perform(session.machine.mayLead())
        }
    }

    /// Streams of the route that somebody has, without those of replays: each goes with the stream whose entries it has.
    private func count(of consumer: String) -> Int {
        route.sessions.count { !$0.isReplay && $0.lease?.holder == consumer }
    }

    /// Of a replay stream, the lease of the stream whose entries it has. Whoever has that is to have this one: an entry is given up only
    /// when its endpoint has taken others, which only the instance that sends them can see.
    private var leader: Lease? { session.isReplay ? route.sessions[route.originalStream(session.index)].lease : nil }

    private var mayTakeFree: Bool {
        if let leader {
            if leader.holder == worker.consumer { return !isLeft }
            // It cannot, for whatever reason.
            return freeSince.map { worker.loop.now - $0 >= Self.patience * 10 } ?? false
        }
        if let freeSince, worker.loop.now - freeSince >= Self.patience { return true }
        guard !isLeft else { return false }
        let own = count(of: worker.consumer)
        let others = Set(route.sessions.compactMap { $0.isReplay ? nil : $0.lease?.holder })
            .subtracting([worker.consumer])
        return others.allSatisfy { own <= count(of: $0) }
    }

    /// There is no stream, so nobody has it.
    func fallAsleep() { (holder, freeSince, told, isLeft) = (nil, nil, nil, false) }

    // MARK: - Standing by

    /// Another consumer has it.
    func standBy() { session.ownership.letGo() }

    // MARK: - Spreading

    /// - Parameter living: the other consumers that show life.
    func balance(among living: [String]) {
        if let leader {
            guard let wanted = leader.holder, wanted != worker.consumer, living.contains(wanted) else { return }
            return leave(to: wanted)
        }
        guard let least = living.min(by: { (count(of: $0), $0) < (count(of: $1), $1) }),
            count(of: worker.consumer) - count(of: least) >= 2
        else { return }
        leave(to: least)
    }

    private func leave(to consumer: String) {
        guard holder == worker.consumer,
            leftInVainAt.map({ worker.loop.now - $0 >= Self.pauseAfterVain }) ?? true,
            session.machine.beginHandingOver()
        else { return }
        logger.info(
            "leaving the stream to another instance",
            metadata: [LogKeys.stream: "\(name)", LogKeys.consumer: "\(consumer)"])
        (holder, isLeft) = (consumer, true)
        handOverWhenDone()
    }

    /// What is under way ends first, and Redis is told of it.
    private func handOverWhenDone() {
        guard session.machine.state == .handingOver, !route.isDraining else { return }
        guard route.table.underWay(of: session.index).isEmpty, route.table.settlingCount(of: session.index) == 0,
            session.machine.reading == nil || session.isWaiting
        else {
            worker.loop.schedule(after: .milliseconds(5)) { [weak self] in self?.handOverWhenDone() }
            return
        }
        // Before it is handed over, Redis is told of what was never begun.
        route.setAside(of: session.index)
        route.settler.flush()
        Parts.handOver(session) { [weak self] _ in
            guard let self else { return }
            _ = route.letGo(of: session.index)
            freeSince = worker.loop.now
            session.perform(session.machine.didHandOver())
        }
    }
}
