internal import FootbridgeCurl
internal import FootbridgeRedis
internal import RedisStreams

/// Brings entries that wait back when they are due: their bodies come from Redis once more.
///
/// While nothing but probes is sent, nothing is due but what has reached `max_age`.
final class Repeats {
    private unowned let route: Route
    /// When something was fetched, or looked at, last.
    private var fetchedAt = MonotonicTime(nanoseconds: 0)

    /// Entries whose turn it is not, and that are looked at in one turn.
    private static let lookedAtPerTurn = 64
    /// Bodies that are fetched for their letters at a time: they may be large.
    private static let lettersPerTurn = 4
    /// That often beyond its attempts an entry is begun that nobody else stands by.
    private static let deathsWithoutDoubt = 10
    /// No time of its own: it waits for the endpoint.
    static let unlimited = Duration.seconds(365 * 86400)

    init(_ route: Route) { self.route = route }

    private var config: RouteConfig { route.config }
    private var worker: WorkerContext { route.worker }

    /// When there may be something to fetch again.
    var nextFetch: MonotonicTime? {
        route.table.nextDue.map { isPaced ? max($0, fetchedAt + BacklogPace.interval) : $0 }
    }

    private var isPaced: Bool { route.isHeldUp || route.intake.hasFresh }

    // MARK: - When it is due

    /// - Parameter delay: of its retry, if the endpoint takes anything.
    func due(_ row: EntryTable.Row, after delay: Duration) -> MonotonicTime {
        let now = worker.loop.now
        return route.isHeldUp(row) ? dueUnlessWoken(row) : now + delay
    }

    /// Of an entry that waits for its endpoint, whoever wakes it then.
    func dueUnlessWoken(_ row: EntryTable.Row) -> MonotonicTime {
        worker.loop.now + max(.zero, timeLeft(row) ?? Self.unlimited)
    }

    /// Until `max_age`; `nil` if it has none, or was never tried.
    private func timeLeft(_ row: EntryTable.Row) -> Duration? {
        guard let limit = config.retry.maximumAge, route.table.attempts(row) > 0,
            let age = route.age(of: row, now: worker.loop.wallMilliseconds)
        else { return nil }
        return limit - age
    }

    private func isExpired(_ row: EntryTable.Row) -> Bool { timeLeft(row).map { $0 <= .zero } ?? false }

    // MARK: - Fetching

    /// Fetches entries that are due, in batches, into at most half of the window: retries and fresh entries cannot starve
    /// each other. What is blocked takes no room from them: it may wait for the very ones that are due.
    func fetchDue() {
        guard route.table.count(.waiting) > 0, let connection = worker.commands.connection else { return }
        let now = worker.loop.now
        var batch: [EntryTable.Row] = []
        if !isPaced || now - fetchedAt >= BacklogPace.interval { takeDue(now, into: &batch) }
        if batch.isEmpty, let probe = takeProbe(now) { batch.append(probe) }
        guard !batch.isEmpty else { return }
        fetchedAt = now
        for (stream, rows) in Dictionary(grouping: batch, by: { route.table.key($0).stream }) {
            for portion in rows.portions(of: ScriptPortion.usual) {
                fetch(Array(portion), of: route.sessions[stream], on: connection)
            }
        }
    }

    private func takeDue(_ now: MonotonicTime, into batch: inout [EntryTable.Row]) {
        let (window, isHeldUp) = (route.intake.window, route.isHeldUp)
        var room = min(
            max(1, window / 2) - route.table.queuedRepeats - route.table.repeatsInFlight - route.table.count(.fetching),
            window - route.table.busy + route.table.count(.blocked))
        if isPaced { room = min(room, BacklogPace.portion) }
        var (others, doomed) = (0, 0)
        while batch.count < room, others < Self.lookedAtPerTurn, let row = route.table.takeDue(now) {
            if route.table.isDoomed(row) {
                let stream = route.table.key(row).stream
                if doomed < Self.lettersPerTurn, route.settler.mayBury(stream) {
                    doomed += 1
                    batch.append(row)
                    continue
                }
                // Its letter cannot be written yet, or others are being written.
                let isRefused = route.settler.refusesLetters(of: stream)
                route.table.postpone(row, due: now + (isRefused ? .seconds(5) : .milliseconds(100)))
            } else if !route.table.isFirst(row), route.table.busy > window {
                // It came along with the first of its key, and its body would be one too many.
                route.table.parkAgain(row)
                route.settler.count(row)
            } else if !isHeldUp || isExpired(row) {
                batch.append(row)
                continue
            } else {
                route.table.wait(row, due: due(row, after: .zero))
                // Taking it for a fetch has cancelled a count that waited to be written.
                route.settler.count(row)
            }
            others += 1
        }
        if others > 0 { fetchedAt = now }
    }

    /// One of those that wait is the probe if nothing else is here, whether it is due or not.
    private func takeProbe(_ now: MonotonicTime) -> EntryTable.Row? {
        guard route.isHeldUp, route.table.count(.queued) + route.table.count(.fetching) == 0,
            route.endpoint.allowance(now: now) > 0
        else { return nil }
        return route.table.takeFirst { route.endpoint.mayProbe(with: $0.id) }
    }

    private func fetch(_ batch: [EntryTable.Row], of session: StreamSession, on connection: RedisConnection) {
        let entries = batch.map { row in
            // What is fetched for its dead letter begins no attempt.
            let isOver = route.table.isDoomed(row) || isExpired(row)
            return (id: route.table.key(row).id, attempt: route.countedAttempts(row, more: isOver ? 0 : 1))
        }
        let script = StreamCommand.fetch(
            entries, stream: session.name, group: config.group, consumer: worker.consumer)
        connection.send(script) { [unowned self] in didFetch(batch, of: session, $0) }
    }

    private func didFetch(
        _ batch: [EntryTable.Row], of session: StreamSession, _ result: Result<FetchedEntries, RedisError>
    ) {
        worker.loop.atEndOfTurn(route)
        switch result {
        case .success(let fetched):
            let bodies = Dictionary(fetched.entries, uniquingKeysWith: { first, _ in first })
            if !fetched.entries.isEmpty { route.settler.didCountAttempts(of: session.index) }
            var isMissing = false
            for (index, row) in batch.enumerated() {
                let key = route.table.key(row)
                if index >= fetched.looked {
                    route.table.wait(row, due: worker.loop.now)
                    // Its count may have waited to be written: nothing has written it now.
                    route.settler.count(row)
                } else if let fields = bodies[key.id] {
                    didFetch(row, fields)
                } else if route.burials.isOrphan(key) {
                    route.table.wait(row, due: worker.loop.now)
                    route.burials.buryGone(row)
                } else {
                    // Another instance's, or settled by it; or the group is another: the session finds out.
                    isMissing = true
                    route.table.wait(row, due: worker.loop.now + .seconds(1))
                }
            }
            if isMissing { session.ownership.suspect() }
        case .failure:
            // They may or may not have been claimed; they are ours in either case.
            for row in batch {
                route.table.wait(row, due: worker.loop.now + .seconds(1))
                // Redis may have counted an attempt that will not be made.
                route.settler.count(row)
            }
        }
    }

    private func didFetch(_ row: EntryTable.Row, _ fields: EntryFields?) {
        let key = route.table.key(row)
        guard let fields else {
            route.table.wait(row, due: worker.loop.now)
            return route.burials.buryGone(row)
        }
        route.intake.sizes.note(fields.byteCount)
        if var letter = route.settler.takeDoomed(key) {
            letter.fields = fields
            letter.takeOrigin(route)
            route.table.settle(row)
            return route.settler.bury(letter)
        }
        if route.isDraining {
            route.table.wait(row, due: worker.loop.now)
            return route.settler.count(row)
        }
        if isExpired(row) {
            return route.burials.giveUp(row, .expired(route.endpoint(of: row).standing.lastFailure), fields: fields)
        }
        if endedItsProcess(row) { return route.burials.giveUp(row, .exhausted(nil), fields: fields) }
        route.table.queueAgain(row, fields)
    }

    /// Begun that often by instances that did not live to tell, or that an endpoint took nothing from: that it takes
    /// something now decides. The last time may have been only read.
    ///
    /// Nobody but those who died writes so many more: then nothing else has to show that the endpoint is well.
    private func endedItsProcess(_ row: EntryTable.Row) -> Bool {
        guard route.table.mark(row) == .none else { return false }
        let spare = route.endpoint(of: row).standing.state == .well ? 0 : Self.deathsWithoutDoubt
        return route.table.charged(row) > config.retry.attempts + spare
    }
}
