internal import DequeModule
internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import Logging
internal import RedisStreams

/// Tells Redis how entries ended. The only place that acknowledges, counts attempts, and buries.
///
/// Everything is kept until Redis has confirmed it, and sent again after an error or on the next connection: each command
/// may run twice without harm. What is not confirmed counts against the route's window, so a route whose Redis is away
/// stops reading.
///
/// What waits for an answer, or for replicas, holds the route: it may have left meanwhile, and replicas may be away for long.
final class Settler {
    private typealias Acknowledgement = (row: EntryTable.Row, id: EntryID)

    private unowned let route: Route
    private let worker: WorkerContext
    private let config: RouteConfig

    /// Of each stream, what waits to be sent.
    private var acknowledgements: [[Acknowledgement]]
    private var uncounted: [[EntryKey]]
    private var letters: [Deque<DeadLetter>]
    /// Sent, and not confirmed yet.
    private var sentAcknowledgements: [Int: (stream: Int, batch: [Acknowledgement])] = [:]
    private var sentLetters: [Int: DeadLetter] = [:]
    /// Written, and maybe not on enough replicas.
    private var unreplicatedLetters: [Int: DeadLetter] = [:]
    /// What is known of entries whose letters cannot be written now; their bodies are fetched again.
    private var doomed: [EntryKey: DeadLetter] = [:]
    /// Streams of which it is being found out whose the entries are.
    private var undecided: Set<Int> = []
    private var sentCounts = 0
    private var isFlushScheduled = false
    private var commandNumber = 0
    private let refusals: Refusals
    let letterLog: LetterLog
    private let didSettle: ((EntryKey) -> Void)?

    init(_ route: Route) {
        self.route = route
        worker = route.worker
        config = route.config
        acknowledgements = Array(repeating: [], count: route.places.count)
        uncounted = Array(repeating: [], count: route.places.count)
        letters = Array(repeating: [], count: route.places.count)
        letterLog = LetterLog(loop: route.worker.loop, logger: route.logger)
        didSettle = route.sink.didSettle
        refusals = Refusals(loop: route.worker.loop, logger: route.logger)
        refusals.onProbe = { [unowned self] in flush() }
    }

    // MARK: - What was decided

    /// The entry was delivered, or its filter did not pass it.
    func acknowledge(_ row: EntryTable.Row) {
        let key = route.table.key(row)
        route.table.settle(row)
        acknowledgements[key.stream].append((row, key.id))
    }

    /// The entry was delivered and acknowledged in one step. It counts when replicas have both: a master that is lost before
    /// may take both along. Then the entry is pending again, and delivered again.
    func confirm(_ row: EntryTable.Row) {
        route.table.settle(row)
        worker.whenReplicated { [worker, route] isConfirmed in
            if isConfirmed {
                route.counters.delivered += 1
                route.table.remove(row)
            } else {
                route.table.setMayBeSettled(row)
                route.table.wait(row, due: worker.loop.now, isCharged: false)
            }
            worker.loop.atEndOfTurn(route)
        }
    }

    /// Writes how many attempts an entry has had, which also starts its wait: delivery time = now.
    func count(_ row: EntryTable.Row) {
        guard !route.table.isUncounted(row) else { return }
        route.table.setUncounted(row, true)
        let key = route.table.key(row)
        uncounted[key.stream].append(key)
    }

    /// Fetching went through, which counts attempts.
    func didCountAttempts(of stream: Int) { recover(.counting, stream) }

    /// The entry is given up; its row is settling.
    func bury(_ letter: DeadLetter) {
        guard config.deadLetterStream(of: letter.home) != nil else {
            route.counters.dead += 1
            if letter.isTrimmed { route.counters.trimmed += 1 }
            acknowledgements[letter.key.stream].append((letter.row, letter.key.id))
            letterLog.note(letter, "entry dropped: the dead letter is off")
            return
        }
        letters[letter.key.stream].append(letter)
    }

    /// An entry comes back whose letter could not be written: `nil` if that is not known of it, or still cannot be tried.
    func takeDoomed(_ key: EntryKey) -> DeadLetter? { doomed.removeValue(forKey: key) }

    /// Whether dead letters of a stream are worth trying.
    func mayBury(_ stream: Int) -> Bool {
        isAllowed(.burying, stream) && letters[stream].isEmpty
    }

    // MARK: - Questions

    /// Whether dead letters of a stream are refused at present.
    func refusesLetters(of stream: Int) -> Bool { !isAllowed(.burying, stream) }

    /// What Redis refuses though it is still to be done.
    var troubles: [(stream: Int, words: String)] {
        refusals.all.filter { owes($0.duty) }.map { ($0.duty.stream, $0.words) }
    }

    private func owes(_ duty: Refusals.Duty) -> Bool {
        let stream = duty.stream
        return switch duty.kind {
        case .acknowledging:
            !acknowledgements[stream].isEmpty || sentAcknowledgements.values.contains { $0.stream == stream }
        case .counting: !uncounted[stream].isEmpty || sentCounts > 0
        case .burying:
            !letters[stream].isEmpty || sentLetters.values.contains { $0.key.stream == stream }
                || doomed.keys.contains { $0.stream == stream && route.table.contains($0) }
        }
    }

    /// Whether everything is confirmed.
    var isDone: Bool {
        route.table.count(.settling) == 0 && sentCounts == 0 && uncounted.allSatisfy(\.isEmpty)
    }

    /// Entries of unwritten letters that Redis must hold as ours.
    func expected(of stream: Int) -> [EntryID] {
        let sent = sentLetters.values.filter { $0.key.stream == stream }
        return (Array(letters[stream]) + sent)
            .filter { !$0.mayBeWritten && !$0.wasWritten && !$0.isOwnerless && $0.consumer == worker.consumer }.map(
                \.key.id)
    }

    /// Dead letters of a stream that Redis has not confirmed, with their attempts.
    func unburied(of stream: Int) -> [(id: EntryID, attempts: Int)] {
        let sent = sentLetters.values.filter { $0.key.stream == stream }
        return (Array(letters[stream]) + sent).map { ($0.key.id, $0.attempts) }
    }

    /// Nobody has these entries any more: their letters are written without looking for an owner.
    func disown(_ ids: Set<EntryID>, of stream: Int) {
        for place in letters[stream].indices where ids.contains(letters[stream][place].key.id) {
            letters[stream][place].isOwnerless = true
        }
        for (number, letter) in sentLetters where letter.key.stream == stream && ids.contains(letter.key.id) {
            sentLetters[number]?.isOwnerless = true
        }
    }

    /// Another instance has these entries, or has settled them. Gives the number of letters that are not to be written.
    func relinquish(_ ids: Set<EntryID>, of stream: Int) -> Int {
        let lost = letters[stream].filter { ids.contains($0.key.id) && !$0.isOwnerless }
        guard !lost.isEmpty else { return 0 }
        letters[stream].removeAll { ids.contains($0.key.id) && !$0.isOwnerless }
        for letter in lost {
            if letter.mayBeWritten, !letter.wasWritten { didBury(letter) }
            route.table.remove(letter.row)
        }
        return lost.count { !$0.mayBeWritten }
    }

    // MARK: - Sending

    /// Sends what is queued. To be called at the end of a turn and whenever a connection comes up.
    func flush() {
        let settling = worker.settling
        let commands = worker.commands.connection
        for stream in route.heldPlaces {
            if let settling, !acknowledgements[stream].isEmpty, isAllowed(.acknowledging, stream) {
                sendAcknowledgements(stream, on: settling)
            }
            // These never wait for replicas: an entry that is fetched for its next attempt must not be overtaken by them.
            if let commands, !uncounted[stream].isEmpty, isAllowed(.counting, stream) {
                sendAttempts(stream, on: commands)
            }
            if let settling, !letters[stream].isEmpty { sendLetters(stream, on: settling) }
        }
    }

    private func sendAcknowledgements(_ stream: Int, on connection: RedisConnection) {
        let batch = acknowledgements[stream]
        acknowledgements[stream].removeAll(keepingCapacity: true)
        commandNumber += 1
        let number = commandNumber
        sentAcknowledgements[number] = (stream, batch)
        let (ids, name) = (batch.map(\.id), route.places[stream])
        let command: StreamCommand<Int> =
            route.isReplay(stream)
            ? .settleReplays(ids, stream: name, group: config.group)
            : Parts.acknowledgement(of: ids, stream: name, group: config.group)
        connection.send(command) { [self, route] result in
            switch result {
            case .success(let count):
                // Settled before, by an instance that had taken the entry over, or the group is gone: not an error.
                route.counters.acknowledgedTwice += batch.count - min(count, batch.count)
                recover(.acknowledging, stream)
                worker.whenReplicated { [route] in route.settler.didAcknowledge(number, isConfirmed: $0) }
            case .failure(.server(let error)) where error.kind == .wrongType:
                // No stream, no group, nothing pending: as if it was gone, for which XACK says 0.
                route.counters.acknowledgedTwice += batch.count
                didAcknowledge(number, isConfirmed: true)
            case .failure(let error):
                didAcknowledge(number, isConfirmed: false)
                refuse(.acknowledging, stream, error)
            }
        }
    }

    private func didAcknowledge(_ number: Int, isConfirmed: Bool) {
        guard let (stream, batch) = sentAcknowledgements.removeValue(forKey: number) else { return }
        guard isConfirmed else { return acknowledgements[stream].append(contentsOf: batch) }
        for (row, _) in batch { route.table.remove(row) }
        if let didSettle { for (_, id) in batch { didSettle(EntryKey(stream: stream, id: id)) } }
        worker.loop.atEndOfTurn(route)
    }

    private func sendAttempts(_ stream: Int, on connection: RedisConnection) {
        let keys = uncounted[stream]
        uncounted[stream] = []
        // What the table says now; those that were fetched since are counted already.
        let counts = keys.compactMap { key -> (key: EntryKey, attempts: Int)? in
            guard let row = route.table.row(of: key), route.table.isUncounted(row) else { return nil }
            route.table.setUncounted(row, false)
            return (key, route.countedAttempts(row))
        }
        for portion in counts.portions(of: ScriptPortion.usual) { sendAttempts(portion, of: stream, on: connection) }
    }

    private func sendAttempts(
        _ counts: ArraySlice<(key: EntryKey, attempts: Int)>, of stream: Int, on connection: RedisConnection
    ) {
        sentCounts += 1
        let script = StreamCommand.setAttempts(
            counts.map { ($0.key.id, $0.attempts) }, stream: route.places[stream], group: config.group,
            consumer: worker.consumer)
        connection.send(script) { [self, route] result in
            sentCounts -= 1
            switch result {
            case .success: recover(.counting, stream)
            case .failure(.server(let error)) where error.kind == .wrongType || error.kind == .noGroup: break
            case .failure(let error):
                for (key, _) in counts {
                    // Those that are being settled need no count any more.
                    guard let row = route.table.row(of: key), route.table.place(row) != .settling else { continue }
                    count(row)
                }
                refuse(.counting, stream, error)
            }
            worker.loop.atEndOfTurn(route)
        }
    }

    /// A few at a time: acknowledgements and signs of life of all routes must not wait behind megabytes.
    private func sendLetters(_ stream: Int, on connection: RedisConnection) {
        guard !undecided.contains(stream) else { return }
        guard isAllowed(.burying, stream) else { return postponeLetters(stream) }
        while connection.unsentBytes < 256 * 1024, let letter = letters[stream].popFirst() {
            send(letter, on: connection)
        }
        guard !letters[stream].isEmpty, !isFlushScheduled else { return }
        isFlushScheduled = true
        worker.loop.schedule(after: .milliseconds(20)) { [weak self] in
            self?.isFlushScheduled = false
            self?.flush()
        }
    }

    private func send(_ letter: DeadLetter, on connection: RedisConnection) {
        guard let target = config.deadLetterStream(of: letter.home) else { return }
        commandNumber += 1
        let number = commandNumber
        sentLetters[number] = letter
        connection.send(letter.command(into: target)) { [route] in route.settler.didSend(number, $0) }
    }

    private func didSend(_ number: Int, _ reply: Result<Burial, RedisError>) {
        guard var letter = sentLetters.removeValue(forKey: number) else { return }
        let stream = letter.key.stream
        switch reply {
        case .success(.notOurs) where letter.wasWritten: didWrite(letter, number)
        case .success(.buriedBefore):
            if !letter.wasWritten { didBury(letter) }
            didWrite(letter, number)
        case .success(.notOurs) where letter.consumer != worker.consumer:
            // A dead consumer's, and another instance was quicker.
            route.table.remove(letter.row)
            worker.loop.atEndOfTurn(route)
        case .success(.notOurs):
            // The try whose answer was lost did not come through.
            letter.mayBeWritten = false
            // Settled by another, or the group is another, or our consumer was removed: the session finds out, and puts the
            // entry back or lets go of it.
            sendLater(letter)
            route.sessions[stream].ownership.suspect()
        case .success(.buried):
            if !letter.wasWritten { didBury(letter) }
            recover(.burying, stream)
            didWrite(letter, number)
        case .failure(let error):
            letter.mayBeWritten = letter.mayBeWritten || error.endsConnection
            letters[stream].append(letter)
            refuse(.burying, stream, error)
            if !error.endsConnection { postponeLetters(stream) }
        }
    }

    private func didWrite(_ letter: DeadLetter, _ number: Int) {
        unreplicatedLetters[number] = letter
        worker.whenReplicated { [route] in route.settler.didReplicate(number, isConfirmed: $0) }
    }

    /// When the session knows whose its entry is.
    private func sendLater(_ letter: DeadLetter) {
        letters[letter.key.stream].append(letter)
        let stream = letter.key.stream
        guard undecided.insert(stream).inserted else { return }
        worker.loop.schedule(after: .milliseconds(200)) { [weak self] in
            guard let self else { return }
            undecided.remove(stream)
            flush()
        }
    }

    private func didBury(_ letter: DeadLetter) {
        route.counters.dead += 1
        if letter.isTrimmed { route.counters.trimmed += 1 }
        letterLog.note(letter, "entry dead-lettered")
    }

    private func didReplicate(_ number: Int, isConfirmed: Bool) {
        guard var letter = unreplicatedLetters.removeValue(forKey: number) else { return }
        if !isConfirmed {
            letter.wasWritten = true
            letters[letter.key.stream].append(letter)
        } else if letter.goesInTwoSteps {
            acknowledgements[letter.key.stream].append((letter.row, letter.key.id))
        } else {
            route.table.remove(letter.row)
        }
        worker.loop.atEndOfTurn(route)
    }

    // MARK: - Trouble

    /// Letters that cannot be written hold their entries, not the route: the entries wait, without their bodies.
    private func postponeLetters(_ stream: Int) {
        let due = worker.loop.now + Refusals.Kind.burying.patience
        // While it stops the bridge waits for what it can write, and hands the rest over.
        for letter in letters[stream] where !letter.isOwnerless && !letter.wasWritten && !route.isDraining {
            guard letter.consumer == worker.consumer else {
                // Still a dead consumer's: found again when letters can be written.
                route.table.remove(letter.row)
                continue
            }
            doomed[letter.key] = letter.withoutBody
            route.table.postpone(letter.row, due: due)
        }
        letters[stream].removeAll { doomed[$0.key] != nil || !route.table.contains($0.key) }
    }

    private func isAllowed(_ kind: Refusals.Kind, _ stream: Int) -> Bool { refusals.isAllowed(kind, stream) }

    private func refuse(_ kind: Refusals.Kind, _ stream: Int, _ error: RedisError) {
        refusals.note(error, of: kind, stream, name: route.places[stream])
    }

    private func recover(_ kind: Refusals.Kind, _ stream: Int) {
        refusals.noteSuccess(of: kind, stream, name: route.places[stream])
    }
}
