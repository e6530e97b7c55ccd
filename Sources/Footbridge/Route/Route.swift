internal import FootbridgeCurl
internal import FootbridgeRedis
internal import FootbridgeWebhooks
internal import Logging
internal import RedisStreams

/// One route on one worker. The path of an entry:
///
/// `StreamSession` reads it into the `EntryTable`; the route picks what starts next; the `Sink` carries it out; the `Verdict`
/// says what becomes of it; the `Settler` tells Redis. Belongs to the worker's loop.
final class Route: TurnParticipant {
    var isAwaitingEndOfTurn = false

    let config: RouteConfig
    let worker: WorkerContext
    let logger: Logger
    let counters: RouteCounters
    /// The route that this one takes the place of, as long as it finishes its requests.
    weak var predecessor: Route?
    var table: EntryTable
    /// Of all entries, unless `endpoints` has one for each.
    let endpoint: Endpoint
    private(set) var endpoints: Endpoints?
    let sink: any Sink
    let shaper: Shaper?
    /// `nil` if nothing is traced.
    let tracer: RouteTracer?
    private(set) lazy var settler = Settler(self)
    private(set) lazy var burials = Burials(self)
    private(set) lazy var intake = Intake(self)
    /// `nil` if each request carries one entry.
    private(set) var batches: Batches?
    /// `nil` if its entries have none.
    private(set) var order: Order?
    private lazy var repeats = Repeats(self)
    private lazy var doubts = Doubts(self)
    private lazy var endpointLog = EndpointLog(loop: worker.loop, logger: logger, hasMany: endpoints != nil)
    private(set) lazy var notes = AttemptNotes(self)
    /// As the streams stand in the configuration, then what is replayed of each, which sleep until there is something.
    private(set) var sessions: [StreamSession] = []
    /// Their streams.
    let places: [String]
    /// Those that do not sleep.
    private(set) var awakeSessions = 0

    /// What the endpoint knows of the requests under way.
    private var attempts: [EntryTable.Row: Attempt] = [:]
    private var wakeUp: (timer: LoopTimer, at: MonotonicTime)?
    private var awaitsEndpoint = false
    private(set) var draining: Draining?

    /// - Parameters:
    ///   - sample: of traces that begin here.
    ///   - counters: of the route that this one takes the place of: they go on.
    ///   - programs: made elsewhere, for this route alone.
    init(
        _ config: RouteConfig, worker: WorkerContext, sample: Share? = nil, logger: Logger,
        counters: RouteCounters = RouteCounters(), programs: RoutePrograms? = nil
    ) throws {
        let programs = try programs ?? RoutePrograms(config)
        self.counters = counters
        self.config = config
        self.worker = worker
        self.logger = logger
        places = Self.places(of: config)
        awakeSessions = config.streams.count
        table = EntryTable(
            streams: places.count, hasEndpoints: config.webhook?.hasManyEndpoints ?? false,
            isOrdered: config.isOrdered, lookahead: config.webhook?.batch?.maximumEntries ?? Order.lookahead)
        let marks = GroupMarks()
        shaper = programs.shaper
        tracer = try worker.exporter.map {
            try RouteTracer(config, sample: sample ?? .all, exporter: $0, worker: worker)
        }
        let place = SinkPlace(
            worker: worker, counters: counters, logger: logger, shaper: shaper, answerCheck: programs.answerCheck,
            tracer: tracer,
            mark: { marks.of($0) })
        sink = try Parts.sink(for: config, at: place)
        endpoint = worker.endpoint(of: config)
        sink.onFinish = { [unowned self] in finish($0, $1) }
        sink.onOpen = { [unowned self] in
            endpoint.mayBeBack(now: worker.loop.now)
            worker.loop.atEndOfTurn(self)
        }
        sink.onRate = { [unowned self] in endpoint.allow(perSecond: $0) }
        marks.of = { [unowned self] in sessions[$0].machine.mark?.name }
        sessions = places.indices.map { StreamSession($0, of: self) }
        (endpoints, batches, order) = (Endpoints(self), Batches(self), Order(self, key: programs.orderKey))
    }

    /// Until then the one that it takes the place of may be there, under the same name.
    private(set) var isBegun = false

    func begin() {
        isBegun = true
        for session in sessions { session.begin() }
    }

    /// The session of a replay stream found that there is one.
    func didWake() { awakeSessions += 1 }
    func didFallAsleep() { awakeSessions -= 1 }

    /// Places of streams of which anything may be held.
    var heldPlaces: Range<Int> { 0..<(awakeSessions > config.streams.count ? places.count : config.streams.count) }

    func didConnectCommands() {
        settler.flush()
        for session in sessions { session.didConnectCommands() }
        worker.loop.atEndOfTurn(self)
    }

    // MARK: - Each turn of the loop

    func endTurn() {
        if !isDraining {
            if hold?.hold != .paused {
                if endpoints == nil, endpoint.rate?.key != nil { fetchTokens() }
                repeats.fetchDue()
                startQueued()
            }
            if hold == nil { intake.readMore() }
        }
        settler.flush()
        scheduleWakeUp()
        draining?.finishIfDone()
    }

    // MARK: - What people want of it

    /// They have told it to wait. The mark of one stream holds them all.
    private(set) var hold: HoldMark?

    func holdMayHaveChanged() {
        let marks = sessions.compactMap(\.hold)
        let found = marks.first { $0.hold == .paused } ?? marks.first
        defer { worker.loop.atEndOfTurn(self) }
        guard found != hold else { return }
        hold = found
        switch found?.hold {
        case .paused: logger.notice("paused: nothing is read or sent until people resume the route")
        case .draining: logger.notice("draining: nothing new is read until people resume the route")
        case nil: logger.notice("resumed")
        }
    }

    /// What waits goes now, and an endpoint that is down gets a probe.
    func retryNow() {
        logger.notice(
            "retrying now, as people want it", metadata: [LogKeys.waiting: .stringConvertible(table.bodiless)])
        endpoint.mayBeBack(now: worker.loop.now)
        // What waits for an endpoint that is down goes when that takes the probe.
        if let endpoints { endpoints.retryNow() } else if !isHeldUp { table.makeAllDue(worker.loop.now) }
        worker.loop.atEndOfTurn(self)
    }

    // MARK: - Starting

    /// Requests, or commands, under way.
    var inFlight: Int { attempts.count }

    /// Requests that may be in flight at present. Where entries name their endpoints, each of those has its own limit.
    var concurrency: Int {
        endpoints == nil ? min(config.concurrency.maximum, endpoint.limit?.value ?? .max) : config.concurrency.maximum
    }

    func endpoint(of row: EntryTable.Row) -> Endpoint { endpoints?.endpoint(of: row) ?? endpoint }

    /// As `isHeldUp`, of the endpoint that this entry goes to.
    func isHeldUp(_ row: EntryTable.Row) -> Bool {
        endpoint(of: row).standing.isDown && config.retry.giveUp == .whenOthersPass
    }

    /// The endpoint is down, and gets nothing but probes: unless its entries are given up by their schedule whatever it does.
    var isHeldUp: Bool { endpoint.standing.isDown && config.retry.giveUp == .whenOthersPass }

    /// Fills the free slots, as far as the endpoint takes it.
    private func startQueued() {
        let now = worker.loop.now
        if let endpoints { return endpoints.start(min(worker.slots(now: now), sink.free)) }
        batches?.setPartsAside()
        guard table.count(.queued) > 0 || batches?.hasParts == true else { return }
        let allowed = isHeldUp || !endpoint.standing.isDown ? endpoint.allowance(now: now) : .max
        var allowance = min(allowed, worker.slots(now: now), sink.free)
        defer { awaitEndpoint() }
        if let batches { return batches.start(allowance) }
        while allowance > 0 {
            guard let row = nextRow() else { return }
            // A probe, and a message that was refused before, over a connection of its own: what an old one says may come
            // from what was left on it.
            let isFresh = endpoint.standing.isDown || table.mark(row).isMessageRefused
            if start(row, number: table.start(row, wall: worker.loop.wallMilliseconds), isFresh: isFresh) {
                allowance -= 1
            }
        }
    }

    /// For what is queued, or for a probe that is still to be fetched.
    private func fetchTokens() {
        let queued = table.count(.queued)
        let requests = batches.map { (queued + $0.config.maximumEntries - 1) / $0.config.maximumEntries } ?? queued
        worker.tokens.fetch(for: endpoint, min(sink.free, max(requests, isHeldUp && table.count > 0 ? 1 : 0)))
    }

    /// Requests of another route may fill the endpoint: then their ends make room.
    private func awaitEndpoint() {
        guard endpoint.isFull, endpoint.inFlight > inFlight, !awaitsEndpoint else { return }
        awaitsEndpoint = true
        endpoint.whenOpen { [weak self] in
            guard let self else { return }
            awaitsEndpoint = false
            worker.loop.atEndOfTurn(self)
        }
    }

    func nextRow() -> EntryTable.Row? {
        let sessions = sessions
        if isHeldUp {
            // A probe is a different entry each time, if there is another; one that never failed and came late, for a
            // receiver may refuse what a producer did wrong for a while.
            let mayProbe = { [endpoint] (key: EntryKey) in
                sessions[key.stream].isCertain && endpoint.mayProbe(with: key.id)
            }
            if let row = table.nextNewest(where: mayProbe) ?? table.next(where: mayProbe) { return row }
        }
        return table.next { sessions[$0.stream].isCertain }
    }

    /// - Returns: whether something was to be sent.
    @discardableResult
    private func start(_ row: EntryTable.Row, number: Int, isFresh: Bool = false) -> Bool {
        guard let fields = table.fields(row) else { return true }
        let delivery = delivery(row, fields, attempt: number, isFresh: isFresh)
        tracer?.begin(delivery)
        let report = shaping(delivery) { () throws(UnmakeableRequest) in try sink.start(delivery) }
        guard let report else { return false }
        if let report {
            // No request was made.
            worker.lack(report.outcome, at: self)
            table.takeBack(row)
            return true
        }
        didStart(row, mark: table.mark(row))
        return true
    }

    func didStart(_ row: EntryTable.Row, mark: RefusalMark) {
        tracer?.didStart(row)
        attempts[row] = endpoint(of: row).didStart(table.key(row).id, mark: mark, now: worker.loop.now)
    }

    /// What `make` gives while the programs of the route see the entry.
    ///
    /// - Returns: `nil` if nothing is to be sent, and what becomes of the entry is decided: the filter did not pass it, or no request
    ///   can be made of it.
    func shaping<Made>(_ delivery: Delivery, _ make: () throws(UnmakeableRequest) -> Made) -> Made? {
        do throws(UnmakeableRequest) {
            if let failure = delivery.failure ?? order?.failure(of: delivery.place) { throw failure }
            guard let shaper else { return try make() }
            defer { shaper.end() }
            try shaper.begin(delivery)
            if try shaper.passes() { return try make() }
            settleFiltered(delivery.row)
        } catch {
            cannotSend(delivery.row, error)
        }
        return nil
    }

    /// If only time was short it is tried twice more, for the machine may have been slow.
    private func cannotSend(_ row: EntryTable.Row, _ error: UnmakeableRequest) {
        // The attempt counts, whether it had begun or not.
        if table.place(row) == .queued { _ = table.start(row, wall: worker.loop.wallMilliseconds) }
        guard error.isForTime, table.attempts(row) < Self.attemptsForTime else {
            return burials.giveUp(row, error.reason)
        }
        counters.retried += 1
        wait(row, for: isDraining ? .zero : .seconds(1), isCharged: false)
    }

    private static let attemptsForTime = 3

    /// Its receiver has nothing to do with it.
    private func settleFiltered(_ row: EntryTable.Row) {
        counters.filtered += 1
        burials.didSettle(table.key(row))
        settler.acknowledge(row)
        worker.loop.atEndOfTurn(self)
    }

    // MARK: - The end of an attempt

    private func finish(_ row: EntryTable.Row, _ report: DeliveryReport) {
        // After others that wait for the same endpoint: `didFinish` wakes them.
        defer { worker.loop.atEndOfTurn(self) }
        guard let attempt = attempts.removeValue(forKey: row) else { return }
        let endpoint = endpoint(of: row)
        let place = table.endpoint(row)
        defer { if let place { endpoints?.didFinish(place) } }
        let rows = batches?.didFinish(row) ?? []
        let report = batches?.blamed(report, of: rows.isEmpty ? [row] : rows) ?? report
        tracer?.didFinish(row, report, endpoint: endpoint.name)
        switch report.settlement {
        case .open, .acknowledged: break
        case .maybeAcknowledged, .undecided:
            notes.didEnd(row, report, of: endpoint, entries: max(1, rows.count), then: .undecided)
            return leaveOpen(row, attempt, report)
        }
        let (outcome, now) = (report.outcome, worker.loop.wallMilliseconds)
        let wasDown = endpoint.standing.isDown
        let change = endpoint.didFinish(
            attempt, outcome, usedConnection: report.usedConnection,
            maximumRetryAfter: config.retry.maximumRetryAfter, now: worker.loop.now, wall: now)
        if let change {
            endpointLog.note(
                change, of: endpoint, report, waiting: place.map { endpoints?.waiting(for: $0) ?? 0 } ?? table.count,
                givesUp: config.retry.giveUp == .always)
        }
        if wasDown, !endpoint.standing.isDown { worker.didRecover(endpoint, at: attempt.startedAt) }
        defer {
            doubts.judge(olderThan: nil)
            if attempt.isProbe, isHeldUp, outcome.maySpeakOfEntries || config.retry.maximumAge != nil {
                setQueueAside()
            }
        }
        if rows.count > 1 {
            notes.didEnd(
                row, report, of: endpoint, entries: rows.count,
                then: outcome.isDelivered && report.failed.isEmpty ? .settled : .retry(after: nil))
            batches?.judge(rows, report)
        } else {
            let verdict = verdict(row, outcome, usedConnection: report.usedConnection, mark: attempt.mark)
            notes.didEnd(
                row, report, of: endpoint, then: verdict.then(isHeldUp: isHeldUp(row), onDead: config.onDead))
            table.setMark(endpoint.standing.mark(attempt.mark, after: outcome), row)
            carryOut(verdict, row, report, mark: attempt.mark)
        }
    }

    /// - Parameter mark: as the entry remembered it before this attempt.
    func verdict(
        _ row: EntryTable.Row, _ outcome: Outcome, usedConnection: Bool = false, mark: RefusalMark = .none
    ) -> Verdict {
        let now = worker.loop.wallMilliseconds
        return Parts.Law.of(
            outcome, usedConnection: usedConnection, attempt: table.charged(row), mark: mark,
            standing: endpoint(of: row).standing, policy: config.retry, id: table.key(row).id,
            age: age(of: row, now: now),
            now: now)
    }

    func carryOut(
        _ verdict: Verdict, _ row: EntryTable.Row, _ report: DeliveryReport, mark: RefusalMark = .none
    ) {
        notes.didJudge(row, report, verdict)
        switch verdict {
        case .settle:
            counters.latency.record(nanoseconds: report.nanoseconds)
            let id = table.key(row).id
            if let age = id.ageInMilliseconds(now: worker.loop.wallMilliseconds) {
                counters.endToEnd.record(nanoseconds: age &* 1_000_000)
            }
            burials.didSettle(table.key(row))
            if report.settlement == .acknowledged { return settler.confirm(row) }
            counters.delivered += 1
            settler.acknowledge(row)
        case .repeatNow:
            counters.retried += 1
            counters.repeatedAtOnce += 1
            if isDraining { return wait(row, for: .zero, isCharged: true) }
            let again = table.startAgain(row)
            settler.count(row)
            start(row, number: again, isFresh: true)
        case .retry(let delay, let counts):
            counters.retried += 1
            wait(row, for: delay, isCharged: counts)
        case .deadLetter(let reason): burials.giveUp(row, reason, response: report.response)
        case .judgeLater(let reason, let time):
            if isDraining {
                counters.retried += 1
                return wait(row, for: .zero, isCharged: true)
            }
            table.doubt(row)
            settler.count(row)
            doubts.add(
                Doubt(row: row, mark: mark, reason: reason, response: report.response, since: worker.loop.now),
                for: time)
        case .pauseWorker:
            worker.lack(report.outcome, at: self)
            if isDraining { return wait(row, for: .zero, isCharged: false) }
            table.takeBack(row)
        }
    }

    /// Redis will tell whose an entry is, and whether it was settled: it waits for that, and its attempt costs nothing.
    private func leaveOpen(_ row: EntryTable.Row, _ attempt: Attempt, _ report: DeliveryReport) {
        endpoint(of: row).didCancel(attempt, now: worker.loop.now)
        if report.settlement == .maybeAcknowledged { table.setMayBeSettled(row) }
        wait(row, for: isDraining ? .zero : .milliseconds(200), isCharged: false)
        sessions[table.key(row).stream].ownership.suspect()
    }

    /// What is queued for an endpoint that refuses waits without its body, so that the next probe may be one of the entries
    /// behind it.
    private func setQueueAside() {
        order?.parkAll()
        batches?.putReadyBack()
        while table.bodiless < config.maximumParked, let row = table.next() {
            setAside(row)
        }
    }

    /// An entry that is queued waits without its body.
    ///
    /// - Parameter untilWoken: whatever the endpoint's standing; else for as long as it is down.
    func setAside(_ row: EntryTable.Row, untilWoken: Bool = false) {
        table.wait(row, due: untilWoken ? repeats.dueUnlessWoken(row) : repeats.due(row, after: .zero))
        settler.count(row)
    }

    /// An entry that waits does so until its endpoint takes it.
    func waitUntilWoken(_ row: EntryTable.Row) { table.setDue(row, repeats.dueUnlessWoken(row)) }

    func wait(_ row: EntryTable.Row, for delay: Duration, isCharged: Bool) {
        table.wait(row, due: repeats.due(row, after: delay), isCharged: isCharged)
        settler.count(row)
        endpoints?.didWait(row)
    }

    /// How old an entry is: by its id, or since its first attempt if the id is no time.
    func age(of row: EntryTable.Row, now: Int64) -> Duration? {
        if let age = table.key(row).id.age(now: now) { return age }
        let first = table.firstAt(row)
        return first > 0 ? .milliseconds(max(0, now - first)) : nil
    }

    // MARK: - Entries that others had

    /// An entry of another life of ours, or of another instance, waits until the time that its attempt count and its idle
    /// time give.
    ///
    /// - Parameter fields: needed where there is an order by key.
    func adopt(_ key: EntryKey, deliveryCount: Int, idle: Duration, fields: EntryFields? = nil) {
        sessions[key.stream].ownership.regain(key.id)
        // One whose attempts are spent comes after others: they show whether the endpoint takes anything.
        var delay = min(config.retry.longestDelay(attempt: 1, of: key.id), .seconds(10))
        if case .retry(let wait, _) = config.retry.resumption(deliveryCount: deliveryCount, idle: idle, id: key.id) {
            delay = wait
        }
        let now = worker.loop.wallMilliseconds
        // Nobody has written down when the first attempt was made; it was not before the entry was added.
        let added = key.id.age(now: now) == nil ? now : Int64(clamping: key.id.milliseconds)
        table.wait(
            key, due: worker.loop.now + delay, attempts: max(0, deliveryCount), firstAt: deliveryCount > 0 ? added : 0,
            lane: order?.lane(of: key, fields))
    }

    /// An entry that came too late to be begun: its attempt does not count.
    func handBack(_ key: EntryKey) {
        guard let row = table.wait(key, due: worker.loop.now, attempts: 0, firstAt: 0) else { return }
        settler.count(row)
    }

    /// What Redis is told of an entry's attempts: those that were not charged do not take it beyond `retry.attempts`. Whoever
    /// takes it over would think that it kills processes, and give it up unsent.
    ///
    /// - Parameter more: attempts that are about to begin.
    func countedAttempts(_ row: EntryTable.Row, more: Int = 0) -> Int {
        let (number, charged) = (table.attempts(row) + more, table.charged(row) + more)
        return number == charged ? number : min(number, max(config.retry.attempts, charged))
    }

    // MARK: - What the sessions ask and tell

    /// Unsettled entries of a stream with the attempts that they have had, the one under way included.
    func held(of stream: Int) -> [(id: EntryID, attempts: Int)] {
        table.unsettled(of: stream).map { ($0.key.id, $0.attempts) } + settler.unburied(of: stream)
    }

    /// Entries of a stream that may have become another's: those that are not under way, and unwritten letters.
    func resting(of stream: Int) -> [EntryID] {
        burials.withoutOrphans(table.resting(of: stream) + settler.expected(of: stream), of: stream)
    }

    /// Those among them that may be settled by ourselves: it is no wonder if they are missing.
    func maybeSettled(of stream: Int) -> [EntryID] { table.maybeSettled(of: stream) }

    /// Entries of a stream that cannot be let go of now, for something is under way with them.
    func underWay(of stream: Int) -> [EntryID] { table.underWay(of: stream) }

    /// Lets go of all of a stream with which nothing is under way; gives their number.
    func letGo(of stream: Int) -> Int { relinquish(Set(resting(of: stream)), of: stream) }

    /// What was read of a stream and not begun waits without its body; Redis is told so.
    func setAside(of stream: Int) {
        doubts.judge(olderThan: .zero)
        for row in table.setAside(of: stream, worker.loop.now) { settler.count(row) }
    }

    /// How many of a stream's entries Redis must hold as ours.
    func restingCount(of stream: Int) -> Int {
        table.unsettledCount(of: stream) - burials.orphanCount(of: stream)
    }

    /// Lets go of entries that are another's; gives their number.
    func relinquish(_ ids: Set<EntryID>, of stream: Int) -> Int {
        table.removeResting(of: stream) { ids.contains($0) } + settler.relinquish(ids, of: stream)
    }

    // MARK: - The endpoint

    func replaceSecrets(_ webhook: WebhookConfig) throws { try sink.replaceSecrets(webhook) }

    /// What waits need not wait any longer.
    func didRecover(at moment: MonotonicTime) {
        // The probe had a connection of its own. The others may lead to where the name no longer points.
        sink.renewConnections(madeBefore: moment)
        table.makeAllDue(worker.loop.now)
        // What others left was not taken meanwhile.
        for session in sessions { session.heard() }
        worker.loop.atEndOfTurn(self)
    }

    // MARK: - For people

    func waiting(limit: Int) -> [WaitingEntry] {
        table.dueFirst(limit).map { row in
            let (key, left) = (table.key(row), table.due(row) - worker.loop.now)
            return WaitingEntry(
                stream: sessions[key.stream].name, entry: key.id, attempts: table.attempts(row),
                due: left > Repeats.unlimited / 2 ? nil : max(.zero, left),
                endpoint: table.endpoint(row).flatMap { endpoints?.name($0) } ?? endpoint.name)
        }
    }

    // MARK: - Waking

    /// Wakes the loop when the next entry is due or the endpoint may take more.
    private func scheduleWakeUp() {
        guard !isDraining else { return }
        let now = worker.loop.now
        let times = [
            repeats.nextFetch, batches?.nextDue, endpoints?.nextWake,
            table.count > 0 ? endpoint.nextChange(now: now) : nil,
            worker.pausedUntil,
        ]
        guard let due = times.compactMap({ $0 }).filter({ $0 > now }).min() else { return }
        if let wakeUp {
            guard due < wakeUp.at else { return }
            worker.loop.cancel(wakeUp.timer)
        }
        let timer = worker.loop.schedule(after: due - MonotonicTime.now) { [unowned self] in
            wakeUp = nil
            worker.loop.atEndOfTurn(self)
        }
        wakeUp = (timer, due)
    }

    // MARK: - Stopping

    /// Entries that were read and not begun: their attempt does not count. They wait for the hand-over.
    func handBackQueued() {
        endpoints?.handBack()
        batches?.putReadyBack()
        order?.parkAll()
        while let row = table.next() {
            table.wait(row, due: worker.loop.now)
            settler.count(row)
        }
    }

    /// Stops reading, lets the requests in flight finish, and settles; then calls back. Entries that were not sent keep
    /// their attempt count and stay pending.
    func drain(_ completion: @escaping () -> Void) {
        let draining = Draining(self, completion)
        self.draining = draining
        handBackQueued()
        batches?.setPartsAside()
        doubts.judge(olderThan: .zero)
        draining.begin()
    }

    var isDraining: Bool { draining != nil }

    /// What draining would still wait for.
    var unfinished: Int { inFlight + table.count(.settling) }

    /// Gives away what is left when everything is settled that could be. Requests that are still under way are dropped.
    ///
    /// - Parameter completion: gets how many entries stay under our name.
    func handOver(_ completion: @escaping (_ left: Int) -> Void) {
        sink.cancelAll()
        // Others may share their endpoints, which must not wait for them.
        for (row, attempt) in attempts { endpoint(of: row).didCancel(attempt, now: worker.loop.now) }
        attempts = [:]
        let sessions = sessions.filter(\.isAwake)
        var (waiting, left) = (sessions.count, 0)
        for session in sessions {
            session.stopRounds()
            Parts.handOver(session) { count in
                waiting -= 1
                left += count
                if waiting == 0 { completion(left) }
            }
        }
    }

    func stop() {
        notes.flush()
        settler.letterLog.flush()
        if let wakeUp { worker.loop.cancel(wakeUp.timer) }
        for session in sessions { session.close() }
        sink.cancelAll()
    }
}
