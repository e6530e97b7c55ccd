internal import FootbridgeCurl
internal import FootbridgeRESP
internal import Synchronization

/// One stream of a worker: performs what `SessionMachine` decides.
actor WorkerSession {
    let group: ConsumerGroup
    let index: Int
    let name: StreamName
    let key: [UInt8]
    let options: ProcessOptions
    let owner: OwnerMark
    let board: WorkBoard

    var machine = SessionMachine() {
        didSet { standsBack.store(machine.state == .rival, ordering: .relaxed) }
    }
    private let standsBack = Atomic(false)
    /// Whether another has our name.
    nonisolated var isStandingBack: Bool { standsBack.load(ordering: .relaxed) }

    /// What the machine wants done before anything more is read.
    var interruption: SessionMachine.Action?
    /// The group that was met is the one that was met before.
    private var isSameGroup = false
    private var goneToken: String?
    private var isToldOfRival = false
    private var refusal: Redis.Failure?
    /// What the last sign of life, or a look at what is older, met that does not go away by itself.
    var trouble: Redis.Failure?
    private var patience = Duration.milliseconds(50)
    var takeover = TakeoverState()
    var verification = Verification()

    /// Redis refuses so often before the worker gives up: for some three seconds.
    private static let longestRefusal = 5

    init(_ group: ConsumerGroup, _ index: Int, _ options: ProcessOptions, _ owner: OwnerMark, _ board: WorkBoard) {
        (self.group, self.index, self.options, self.owner, self.board) = (group, index, options, owner, board)
        name = group.streamNames[index]
        key = name.bytes
    }

    nonisolated var redis: Redis { group.redis }
    nonisolated var consumer: String { owner.consumer }
    var observer: (any ProcessObserver)? { options.observer }

    /// Until the task is cancelled, or the worker has stopped.
    ///
    /// - Throws: what Redis refuses from the start on; a reply about the group that is too large; `closed`.
    func run() async throws(Redis.Failure) {
        var action = machine.didConnect()
        while !Task.isCancelled, !board.isStopped {
            switch action {
            case .perform(let step): action = try await perform(step, machine.preparation)
            case .open:
                patience = .milliseconds(50)
                // It was silent for long: nothing begins before Redis has told what is left.
                if board.tenure(index, { $0.mayBeLost(at: .now) }) { await suspect() }
                action = try await read()
            case .prepareAfter(let pause):
                // Wrong credentials do not become right by waiting, nor does a limit; people are to hear of them.
                if machine.refusals >= Self.longestRefusal, let refusal,
                    refusal.kind == .notAllowed || refusal.kind == .replyTooLarge
                        || !machine.wasOpen && refusal.isRefusal
                {
                    throw refusal.about(name)
                }
                try? await Task.sleep(for: pause)
                action = machine.didWait()
            case .none, .standBy: action = await reconnect()
            }
        }
    }

    /// A failure that goes away by itself was met: all is prepared anew, for what was lost on its way is pending for us.
    func reconnect() async -> SessionMachine.Action {
        machine.didDisconnect()
        try? await Task.sleep(for: patience)
        patience = min(patience * 2, .seconds(2))
        return machine.didConnect()
    }

    /// What is to be done about a failure of a step, or of a read.
    func action(after failure: Redis.Failure) async throws(Redis.Failure) -> SessionMachine.Action {
        if failure.isClosed { throw failure }
        if failure.isCancelled { return .none }
        if failure.isGroupMissing { return machine.missGroup() }
        observer?.didFail(failure, of: name)
        guard !failure.isTransient else { return await reconnect() }
        refusal = failure
        return machine.didRefuse()
    }

    // MARK: - Preparing

    private func perform(
        _ step: SessionMachine.Step, _ number: Int
    ) async throws(Redis.Failure) -> SessionMachine.Action {
        switch step {
        case .meet:
            let command = StreamCommand.mark(GroupMark.new(), isPlaceKnown: false, stream: key, group: group.name)
            switch await redis.ask(command) {
            case .success(let mark):
                let known = machine.mark?.name
                isSameGroup = known == mark
                if known != nil, !isSameGroup { observer?.didMeetAnotherGroup(of: name) }
                return machine.didMeet(GroupMark(name: mark), number)
            case .failure(let failure): return try await action(after: failure)
            }
        case .create: return try await create(number)
        case .register: return try await register(number)
        case .restore:
            switch await restore(board.unsettled(index, isSameGroup: isSameGroup)) {
            case nil: return machine.didRestore(number)
            case let failure?: return try await action(after: failure)
            }
        case .putBack:
            if let position = machine.position, let mark = machine.mark {
                let command = StreamCommand.putBack(to: position, mark: mark, stream: key, group: group.name)
                if case .failure(let failure) = await redis.ask(command) { return try await action(after: failure) }
            }
            return machine.didPutBack(number)
        // No worker of the library leads a stream alone.
        case .lease: return machine.didLease(nil, number)
        case .adopt:
            takeover.backlog = Backlog(lost: machine.wasOpen ? 1 : 0)
            if let failure = await adoptBacklog() { return try await action(after: failure) }
            return machine.didAdopt(number)
        case .locate:
            switch await redis.ask(.groups(of: key)) {
            case .success(let groups):
                return machine.didLocate(groups.first { $0.name == group.name }?.lastDelivered, number)
            case .failure(let failure): return try await action(after: failure)
            }
        case .prove:
            await hear(await showLife())
            switch await redis.ask(.heartbeat(stream: key, group: group.name, consumer: consumer)) {
            case .success: return machine.didProve(number)
            case .failure(let failure): return try await action(after: failure)
            }
        }
    }

    /// A group that is not there is made: where the options say, or, if this process has seen it before, where it stood.
    private func create(_ number: Int) async throws(Redis.Failure) -> SessionMachine.Action {
        let last: EntryID?
        switch await redis.ask(.info(key)) {
        case .success(let info): last = info.lastID
        case .failure(let failure) where failure.isGroupMissing: last = nil
        case .failure(let failure): return try await action(after: failure)
        }
        let known = ([machine.position] + board.held(index).map(\.id)).compactMap { $0 }.max()
        var position = known.map { GroupPosition.after($0) } ?? options.start
        // A stream that was deleted may have begun anew, with lower ids.
        if let known, (last ?? .zero) < known { position = .beginning }
        // By its number: should the answer be lost, the next try means the same place.
        if position == .latest { position = last.map { .after($0) } ?? .beginning }
        let failure: Redis.Failure?
        if known == nil {
            failure = await redis.ask(.createGroup(group.name, on: key, from: position)).failure
        } else {
            observer?.didMeetAnotherGroup(of: name)
            let command = StreamCommand.makeGroupAgain(
                GroupMark.new(), from: position, stream: key, group: group.name)
            failure = await redis.ask(command).failure
        }
        if let failure {
            guard failure.isGroupThere else { return try await action(after: failure) }
            return machine.didCreate(at: nil, number)
        }
        if known != nil, position == .beginning { machine.wasMovedBack(to: .zero) }
        return machine.didCreate(at: position.id, number)
    }

    private func register(_ number: Int) async throws(Redis.Failure) -> SessionMachine.Action {
        let command = StreamCommand.register(owner, replacing: goneToken ?? "", stream: key, group: group.name)
        switch await redis.ask(command) {
        case .success(owner.token):
            (goneToken, isToldOfRival) = (nil, false)
            return machine.didRegister(isOurs: true, number)
        case .success(let token):
            guard await isAlive(token) else {
                goneToken = token
                return try await register(number)
            }
            if !isToldOfRival { observer?.didMeetRival(of: name, consumer: consumer) }
            isToldOfRival = true
            return machine.didRegister(isOurs: false, number)
        case .failure(let failure): return try await action(after: failure)
        }
    }

    /// A process of our name lives as long as its mark shows life.
    private func isAlive(_ token: String) async -> Bool {
        guard case .success(let consumers) = await redis.ask(.consumers(of: group.name, stream: key)) else {
            return true
        }
        let mark = consumers.first { OwnerMark($0.name).map { $0.token == token && $0.consumer == consumer } ?? false }
        guard let mark, let owner = OwnerMark(mark.name) else { return false }
        return mark.idle < owner.claimAfter
    }
}

extension Result {
    var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}

extension Redis.Failure {
    /// The group that was to be made exists.
    var isGroupThere: Bool { kind == .groupExists }
}

extension StreamPosition {
    var id: EntryID? { if case .after(let id) = self { id } else { nil } }
}
