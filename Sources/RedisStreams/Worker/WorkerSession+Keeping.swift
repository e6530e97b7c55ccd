internal import FootbridgeCurl

/// Of what a session asks Redis about what it holds.
struct Verification {
    var isUnderWay = false
    /// Who suspected something meanwhile, and is told what comes of the next question.
    var waiting: [CheckedContinuation<Bool, Never>] = []
    /// The next question is asked in any case.
    var isWantedAgain = false
    /// Of the next, if it comes after a silence.
    var number: Int?
    /// What was under way when others had taken entries over: missing ones among it are theirs by now.
    var exposed: Set<EntryID> = []
    /// When Redis told that they had. What a read brings that was sent by then is exposed, too.
    var exposedAt: MonotonicTime?
    /// Something was taken from others since Redis was asked last. It is older than what was read, so the order of ids says nothing of a
    /// removal before that.
    var hasRegained = false
}

/// Keeping what is held: signs of life, idle times that are renewed, and what has to be asked and put back.
extension WorkerSession {
    /// Shows life until the task is cancelled.
    nonisolated func keepAlive() async {
        while !Task.isCancelled {
            if let pool = try? redis.core.use(nil) { return await WorkerPulse(self).run(pool) }
            try? await Task.sleep(for: options.beat)
        }
    }

    nonisolated func showLife() async -> LifeSign {
        let sentAt = MonotonicTime.now
        var sign = LifeSign()
        if case .failure(let failure) = await redis.ask(.heartbeat(stream: key, group: group.name, consumer: consumer))
        {
            // Only a read notices that the group is gone, and with a full window there is none.
            if failure.isGroupMissing {
                sign.isSuspect = true
            } else {
                (sign.failure, sign.wasAway) = (failure, true)
                return sign
            }
        }
        // By it another process of our name knows that we live.
        _ = await redis.ask(.touch([owner.name], stream: key, group: group.name))
        if board.tenure(index, { $0.confirm(sentAt: sentAt, answeredAt: .now) }) {
            sign.verification = board.tenure(index) { $0.beginVerification() }
        }
        return sign
    }

    func hear(_ sign: LifeSign) async {
        if let failure = sign.failure {
            if !failure.isTransient, !failure.isCancelled { trouble = failure }
        } else {
            trouble = nil
        }
        if sign.wasAway { takeover.connectedAt = .now }
        if let number = sign.verification { await verify(number: number) }
        if sign.isSuspect { await suspect() }
    }

    /// Begins anew the idle times of what handlers are at work on, or will be next, or have handled: consumers of other kinds take
    /// what was idle for long (`XAUTOCLAIM`).
    ///
    /// - Returns: whether something that is held was not found as ours.
    nonisolated func renew() async -> Bool {
        let now = MonotonicTime.now
        let due = board.held(index, withSettling: true)
            .filter { ($0.hasMessage || $0.isSettling) && now - $0.touchedAt >= options.beat / 2 }
        let missing = await renew(due.filter { !$0.isSettling })
        // What is being acknowledged may be settled by now.
        _ = await renew(due.filter(\.isSettling))
        return missing > 0
    }

    /// - Returns: how many were not found as ours.
    private nonisolated func renew(_ due: [WorkBoard.Held]) async -> Int {
        var missing = 0
        for portion in due.portions(of: ScriptPortion.usual) {
            let command = StreamCommand.setAttempts(
                portion.map { ($0.id, $0.count) }, stream: key, group: group.name, consumer: consumer)
            guard case .success(let others) = await redis.ask(command) else { break }
            board.touch(portion.map(\.id), index)
            missing += others
        }
        return missing
    }

    /// Something that is held was not found as ours: Redis is asked what is.
    ///
    /// - Returns: whether it has told.
    @discardableResult
    func suspect() async -> Bool {
        guard machine.isOpen else { return false }
        let mayBeLost = board.tenure(index) { $0.mayBeLost(at: .now) }
        return await verify(number: mayBeLost ? board.tenure(index) { $0.beginVerification() } : nil)
    }

    var epoch: Int { machine.epoch }

    /// Asks Redis whether the group is still the one that this epoch is of. If not, what is held is being put back.
    func isCertain(ofEpoch epoch: Int) async -> Bool {
        let hasTold = await suspect()
        return hasTold && machine.isOpen && machine.epoch == epoch && interruption == nil
    }

    /// Asks which of the entries that are held are still ours, and lets go of the others.
    ///
    /// A group that was made anew meanwhile knows of none of them: then what is held goes back into it. So it does if the group
    /// is the same and our consumer was removed, which takes all of its entries along.
    ///
    /// - Parameter number: of the verification, if we may have been silent for too long.
    /// - Returns: whether Redis told, of a question that was asked after the call.
    @discardableResult
    func verify(number: Int?) async -> Bool {
        // One after the other: the answer to one says what is left to the next.
        guard !verification.isUnderWay else {
            if let number { verification.number = max(verification.number ?? 0, number) }
            return await withCheckedContinuation { verification.waiting.append($0) }
        }
        verification.isUnderWay = true
        let hasTold = await ask(number)
        while verification.isWantedAgain || !verification.waiting.isEmpty {
            let (waiting, number) = (verification.waiting, verification.number)
            (verification.isWantedAgain, verification.waiting, verification.number) = (false, [], nil)
            let hasTold = await ask(number)
            for asker in waiting { asker.resume(returning: hasTold) }
        }
        verification.isUnderWay = false
        return hasTold
    }

    private func ask(_ number: Int?) async -> Bool {
        let hadRegained = verification.hasRegained
        verification.hasRegained = false
        let hasTold = await askForOwn(board.expected(index), isLate: number != nil, hadRegained)
        if !hasTold, hadRegained { verification.hasRegained = true }
        if let number { board.tenure(index) { $0.endVerification(number, answered: hasTold) } }
        return hasTold
    }

    /// - Returns: whether Redis told.
    private func askForOwn(_ asked: Set<EntryID>, isLate: Bool, _ hadRegained: Bool) async -> Bool {
        var found: Set<EntryID> = []
        var from = asked.min().map { EntryBound.included($0) } ?? .open
        let preparation = machine.preparation
        let last = asked.max() ?? .zero
        while true {
            let command = StreamCommand.own(
                from: from, to: last, stream: key, group: group.name, owner: owner, lease: nil)
            switch await redis.ask(command) {
            case .failure(let failure):
                if failure.isGroupMissing, machine.isOpen { interruption = machine.missGroup() }
                return false
            case .success(var own):
                // Prepared anew meanwhile: what is held may just be on its way into a group that did not know it.
                guard machine.isOpen, machine.preparation == preparation, interruption == nil else { return false }
                let highest = own.ids.max()
                let isFull = own.ids.count >= 1000
                found.formUnion(own.ids)
                if isFull, let highest, highest < last {
                    from = .excluded(highest)
                    continue
                }
                own.ids = found
                await judge(asked, own, isLate: isLate, hadRegained)
                return true
            }
        }
    }

    private func judge(_ asked: Set<EntryID>, _ own: OwnEntries, isLate: Bool, _ hadRegained: Bool) async {
        if let mark = own.mark, let known = machine.mark, mark != known.name {
            let action = machine.sawMark(mark)
            if action != .none { interruption = action }
            return
        }
        let missing = asked.subtracting(own.ids).intersection(board.expected(index))
        // Made anew by somebody who left no mark. Or a clean-up took it: then putting back finds everything in place.
        if own.mark == nil, !missing.isEmpty { return restoreAll() }
        verification.exposed.subtract(own.ids)
        if own.isTaken || isLate && own.isUnmarked {
            // What is under way now, and found missing later, is theirs as well.
            verification.exposed = Set(board.ids(index)).subtracting(own.ids)
            verification.exposedAt = .now
            let command = StreamCommand.register(owner, replacing: "", isTold: true, stream: key, group: group.name)
            // Then what was not asked for yet, and may be ours, is not exposed for long.
            if case .success = await redis.ask(command) { verification.isWantedAgain = true }
        }
        let unexplained = missing.subtracting(verification.exposed)
        if let last = unexplained.max() {
            // Others of our kind would have left a mark: our consumer was removed, with all that it had. What was read or put back
            // after that has higher ids, and is there.
            let expected = asked.filter { $0 <= last && !verification.exposed.contains($0) }
                .intersection(board.expected(index))
            if hadRegained || expected.isSubset(of: missing) {
                board.lose(missing.subtracting(unexplained), index)
                return restoreAll()
            }
        }
        board.lose(missing, index)
    }

    private func restoreAll() {
        let action = machine.missEntries()
        if action != .none { interruption = action }
    }

    /// Puts what is held back among the pending of a group that does not know it.
    func restore(_ held: [(id: EntryID, attempts: Int)]) async -> Redis.Failure? {
        // From the lowest up: if the consumer is removed meanwhile, all that is missing then is lower than all that is there.
        for portion in held.sorted(by: { $0.id < $1.id }).portions(of: ScriptPortion.usual) {
            let command = StreamCommand.restore(
                Array(portion), stream: key, group: group.name, consumer: consumer)
            switch await redis.ask(command) {
            case .failure(let failure): return failure
            case .success(let done):
                let results = Array(zip(portion.map(\.id), done))
                board.lose(results.filter { $0.1 == .others }.map(\.0), index)
                for (id, result) in results where result == .gone {
                    // What is here with its fields is handled; nobody but us knows of the others.
                    if board.isParked(id, index) { missTrimmed(id, of: nil, attempts: 0) }
                    board.disown(id, index)
                }
            }
        }
        return nil
    }

    /// It was pending, and is no longer in the stream.
    ///
    /// - Parameter consumer: for whom; `nil` if it went with the group.
    func missTrimmed(_ id: EntryID, of consumer: String?, attempts: Int) {
        if takeover.trimmed.count > 10_000 { takeover.trimmed = [] }
        guard takeover.trimmed.insert(id).inserted else { return board.drop(id, index) }
        observer?.didMissTrimmed(id, of: name)
        board.bury(
            WorkBoard.GivenUp(
                key: WorkKey(stream: index, id: id), reason: "trimmed", attempts: attempts, consumer: consumer,
                isTrimmed: true))
    }
}
