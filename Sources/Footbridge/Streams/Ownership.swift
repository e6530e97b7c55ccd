internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import Logging
internal import RedisStreams

/// Whether what a session read is still ours: signs of life, and what has to be asked and put back when one was missing.
final class Ownership: SessionPart {
    unowned let session: StreamSession
    private var tenure: Tenure
    private var isVerifying = false
    /// What was under way when others had taken entries over: missing entries among it are theirs by now.
    private var exposed: Set<EntryID> = []
    /// Something was taken from others since Redis was asked last. It is older than what was read, so the order of ids says nothing of a
    /// removal before that.
    private var hasRegained = false
    /// The read that is outstanding may bring what was given to us before a silence.
    private var isReadLate = false
    /// Others took entries over in that silence.
    private var isReadTaken = false
    /// When our consumer was last found to have been removed.
    private var removedAt: MonotonicTime?
    /// A late read was answered while Redis was being asked.
    private var mustAskAgain = false
    /// Something was not found as ours while Redis was being asked: it was under way then, and the answer left it out.
    private var isSuspected = false

    init(_ session: StreamSession) {
        self.session = session
        tenure = Tenure(claimAfter: session.route.config.claimAfter)
    }

    /// What was read may be sent: it cannot be another's by now.
    var isCertain: Bool { tenure.isCertain(at: worker.loop.now) }

    /// A read was answered.
    func didRead(_ entries: [StreamEntry], isDoubtful: Bool) {
        if isDoubtful { restoreRead(entries.map(\.id)) }
        guard isReadLate else { return }
        isReadLate = false
        if isVerifying { mustAskAgain = true } else { verify(isLate: true, isTaken: isReadTaken) }
    }

    // MARK: - Signs of life

    func beat(on connection: RedisConnection) {
        let sentAt = MonotonicTime.now
        connection.send(.heartbeat(stream: name, group: group, consumer: worker.consumer)) { [unowned self] result in
            switch result {
            case .success: break
            case .failure(.server(let error)):
                // Only a read notices that the group is gone, and with a full window there is none.
                if error.kind == .noGroup, session.machine.isOpen { session.perform(session.machine.missGroup()) }
                // Without a group there is nothing that others could take.
                guard [.noGroup, .wrongType].contains(error.kind) else { return }
            case .failure: return
            }
            if tenure.confirm(sentAt: sentAt, answeredAt: .now) { verify(isLate: true) }
            worker.loop.atEndOfTurn(route)
        }
    }

    // MARK: - Whose is it?

    /// Something that we hold was not found as ours. Redis is asked what is.
    func suspect() {
        guard session.machine.isOpen else { return }
        guard !isVerifying else { return isSuspected = true }
        // After a silence this may be heard before the answer to the next sign of life.
        verify(isLate: tenure.mayBeLost(at: .now))
    }

    /// Asks which of the entries that are held here are still ours, and lets go of the others.
    ///
    /// A group that was made anew meanwhile knows of none of them: then what is held goes back into it. So it does if the
    /// group is the same and our consumer was removed, which takes all of its entries along.
    ///
    /// - Parameters:
    ///   - isLate: we may have been silent for too long.
    ///   - isTaken: it is known that others took entries over then. Otherwise marks tell.
    private func verify(isLate: Bool, isTaken: Bool = false) {
        guard !isVerifying else { return }
        guard let connection = worker.commands.connection else { return }
        isVerifying = true
        let number = isLate ? tenure.beginVerification() : nil
        // What the read that is outstanding brings may have been given to us before.
        if isLate { isReadLate = session.machine.reading != nil }
        let underWay = Set(route.underWay(of: session.index))
        let ids = Set(route.resting(of: session.index))
        func end(answered: Bool) {
            isVerifying = false
            if let number { tenure.endVerification(number, answered: answered) }
            worker.loop.atEndOfTurn(route)
            if mustAskAgain {
                (mustAskAgain, isSuspected) = (false, false)
                verify(isLate: true, isTaken: isReadTaken)
            } else if isSuspected {
                isSuspected = false
                guard session.machine.isOpen else { return }
                verify(isLate: isLate || tenure.mayBeLost(at: .now), isTaken: isLate && isReadTaken)
            }
        }
        let asked = ids.union(underWay)
        let hadRegained = hasRegained
        hasRegained = false
        ownEntries(from: asked.min(), to: asked.max(), [], on: connection) { [unowned self] own in
            guard let own else {
                if hadRegained { hasRegained = true }
                return end(answered: false)
            }
            if !isLate, tenure.mayBeLost(at: .now) {
                if hadRegained { hasRegained = true }
                end(answered: false)
                return verify(isLate: true)
            }
            defer { end(answered: true) }
            // All that is held here is another's, or will be as soon as it is found: nothing of it is sent.
            if own.isLeaseLost { return session.lose() }
            if let mark = own.mark, let known = session.machine.mark, mark != known.name {
                return session.perform(session.machine.sawMark(mark))
            }
            // What was being fetched may have been found missing meanwhile, and wait again.
            let ids = underWay.isEmpty ? ids : ids.union(underWay.intersection(route.resting(of: session.index)))
            let missing = ids.subtracting(own.ids)
            let isTaken = isTaken || own.isTaken || isLate && own.isUnmarked
            if isLate { isReadTaken = isTaken }
            if isTaken {
                // Some of what is missing may have begun to be fetched since it was asked for, and stays in the table.
                exposed = underWay.union(missing)
            }
            if own.isTaken || isLate && own.isUnmarked {
                tellTaken(on: connection)
            }
            // Made anew by somebody who left no mark. Or a clean-up took it: then putting back finds everything in place.
            if own.mark == nil, !missing.isEmpty { return session.perform(session.machine.missEntries()) }
            // What was read or put back after a removal has higher ids, and is there.
            let last = missing.subtracting(exposed).max() ?? .zero
            let maybeSettled = Set(route.maybeSettled(of: session.index))
            let expected = ids.filter { $0 <= last && !exposed.contains($0) && !maybeSettled.contains($0) }
            if !isTaken, !expected.isDisjoint(with: missing), hadRegained || expected.isSubset(of: missing) {
                // This consumer was removed. Should putting back change nothing, the next look comes back to it.
                guard removedAt.map({ worker.loop.now - $0 >= .seconds(1) }) ?? true else {
                    hasRegained = hadRegained
                    return
                }
                removedAt = worker.loop.now
                relinquish(missing.intersection(exposed), "silent for too long: others have taken entries over")
                return session.perform(session.machine.missEntries())
            }
            if own.mark == nil, let known = session.machine.mark {
                // A clean-up took the mark; the group is the same.
                connection.send(["XGROUP", "CREATECONSUMER", name, group, known.name]) { _ in }
            }
            relinquish(
                missing,
                isTaken
                    ? "silent for too long: others have taken entries over" : "entries are not ours any more")
        }
    }

    /// Another consumer has the lease, and takes what is pending: it is let go of here. What is pending with nobody, though nothing
    /// was taken, went with our consumer, which was removed: nobody but us knows of it, and it is put back.
    func letGo() {
        guard let connection = worker.commands.connection else { return }
        let underWay = Set(route.underWay(of: session.index))
        let ids = Set(route.resting(of: session.index))
        ownEntries(from: ids.min(), to: ids.max(), [], on: connection) { [unowned self] own in
            // Another group is met at the next look.
            guard let own, session.machine.state == .standby, own.mark == session.machine.mark?.name else { return }
            let missing = ids.subtracting(own.ids)
            if own.isTaken || own.isUnmarked {
                exposed = underWay.union(missing)
                tellTaken(on: connection)
            }
            let maybeSettled = route.maybeSettled(of: session.index)
            guard missing.subtracting(exposed).subtracting(maybeSettled).isEmpty else {
                return session.perform(session.machine.missEntries())
            }
            relinquish(ids, "another instance delivers the stream now: entries are its own")
        }
    }

    /// Which of these went with our consumer, which was removed. None if others have taken entries over: then they are theirs.
    func removed(
        of held: [(id: EntryID, attempts: Int)], on connection: RedisConnection,
        _ completion: @escaping ([(id: EntryID, attempts: Int)]) -> Void
    ) {
        let ids = held.map(\.id)
        ownEntries(from: ids.min(), to: ids.max(), [], on: connection) { [unowned self] own in
            guard let own, !own.isTaken, !own.isUnmarked else { return completion([]) }
            let others = exposed.union(route.maybeSettled(of: session.index))
            completion(held.filter { !own.ids.contains($0.id) && !others.contains($0.id) })
        }
    }

    /// What was another's is ours again.
    func regain(_ id: EntryID) {
        if !exposed.isEmpty { exposed.remove(id) }
        if session.machine.isOpen { hasRegained = true }
    }

    /// That others have taken entries over is known now.
    private func tellTaken(on connection: RedisConnection) {
        let register = StreamCommand.register(
            session.ownerMark, replacing: "", isTold: true, stream: name, group: group)
        connection.send(register) { _ in }
    }

    /// - Parameter completion: gets `nil` if Redis does not tell.
    private func ownEntries(
        from first: EntryID?, to last: EntryID?, _ found: Set<EntryID>, on connection: RedisConnection,
        _ completion: @escaping (OwnEntries?) -> Void
    ) {
        let script = StreamCommand.own(
            from: first.map { .included($0) } ?? .open, to: last ?? .zero, stream: name, group: group,
            owner: session.ownerMark, lease: session.machine.lease)
        connection.send(script) { [unowned self] result in
            guard case .success(var own) = result else { return completion(nil) }
            let next = own.ids.max()?.successor
            let isMore = own.ids.count == Adoption.page
            own.ids.formUnion(found)
            guard isMore, let next, let last, next <= last else { return completion(own) }
            ownEntries(from: next, to: last, own.ids, on: connection, completion)
        }
    }

    /// Drops what rests here and is another's, or was settled by another.
    private func relinquish(_ ids: Set<EntryID>, _ message: Logger.Message) {
        guard !ids.isEmpty else { return }
        let lost = route.relinquish(ids, of: session.index)
        guard lost > 0 else { return }
        route.counters.lostOwnership += lost
        logger.notice(message, metadata: [LogKeys.stream: "\(name)", LogKeys.count: .stringConvertible(lost)])
    }

    /// Puts what we hold back among the pending of a group that does not know it.
    func restore(
        _ held: [(id: EntryID, attempts: Int)], on connection: RedisConnection,
        _ completion: @escaping (RedisError?) -> Void
    ) {
        // From the lowest up: if the consumer is removed meanwhile, all that is missing then is lower than all that is there.
        let portions = held.sorted { $0.id < $1.id }.portions(of: ScriptPortion.usual)
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
        route.burials.disown(ids[.gone, default: []], of: session.index)
    }

    /// Entries of a read that may have been answered before the group was made anew.
    private func restoreRead(_ ids: [EntryID]) {
        guard !ids.isEmpty, let connection = worker.commands.connection else { return }
        restore(ids.map { ($0, 0) }, on: connection) { [unowned self] error in
            if error != nil { suspect() }
        }
    }
}
