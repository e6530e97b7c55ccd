internal import DequeModule
internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import RedisStreams

/// Requests of one route that carry several entries: gathers them, and takes those that are refused apart.
///
/// **Nothing is given up with a batch.** A refused one is halved, and its halves are, until the refused entry stands alone.
/// After an outage an entry goes on in batches of a quarter the size each time, and its last attempt is made alone: one that
/// the receiver stumbles over takes few with it, and none to the end.
final class Batches {
    let config: BatchConfig
    private unowned let route: Route
    private let sink: any BatchSink
    private let mayFailInPart: Bool
    /// By the row of their first entry.
    private var underWay: [EntryTable.Row: [EntryTable.Row]] = [:]
    /// Halves of refused batches, and what goes once more; the table has them as doubted.
    private var parts: Deque<[EntryTable.Row]> = []
    /// Since when entries that are queued wait for others: fresh ones, and repeats.
    private var gathering: (fresh: MonotonicTime?, repeats: MonotonicTime?)
    private var isRepeatNext = false
    /// With `per: key` the first entries of their keys, in the order in which they came; some of them may be gone.
    private var ready: Deque<Ready> = []
    /// Some of them may have become enough for a full batch.
    private var mayBeFull = false

    private struct Ready {
        let row: EntryTable.Row
        let key: EntryKey
        let since: MonotonicTime
    }
    /// Of the request that is being made.
    private var added: [EntryTable.Row] = []
    private var allowance = 0

    /// `nil` if each request of the route carries one entry.
    init?(_ route: Route) {
        guard let config = route.config.webhook?.batch, let sink = route.sink as? any BatchSink else { return nil }
        (self.route, self.config, self.sink) = (route, config, sink)
        mayFailInPart = route.config.webhook?.acceptFailed != nil
    }

    var hasParts: Bool { !parts.isEmpty }

    /// When a batch is sent that is not full.
    var nextDue: MonotonicTime? {
        [gathering.fresh, gathering.repeats, ready.first?.since].compactMap { $0.map { $0 + config.maximumWait } }.min()
    }

    /// How many entries may be in one request with this one, itself included.
    static func limit(attempts: Int, charged: Int, mark: RefusalMark, policy: RetryPolicy, maximum: Int) -> Int {
        if mark.isMessageRefused || attempts > 0 && charged + 1 >= policy.attempts { return 1 }
        return max(1, maximum >> min(2 * charged, 62))
    }

    private func limit(_ row: EntryTable.Row) -> Int {
        Self.limit(
            attempts: route.table.attempts(row), charged: route.table.charged(row), mark: route.table.mark(row),
            policy: route.config.retry, maximum: config.maximumEntries)
    }

    // MARK: - Starting

    /// - Parameter allowance: requests that may start.
    func start(_ allowance: Int) {
        self.allowance = allowance
        if !config.isPerKey { noteWaiting() }
        sortOut()
        while self.allowance > 0, let index = parts.firstIndex(where: isCertain) {
            let part = parts.remove(at: index)
            for row in part where add(row, isFresh: true) == .doesNotFit {
                route.wait(row, for: .zero, isCharged: false)
            }
            send()
        }
        if config.isPerKey, !route.isHeldUp { return startPerKey() }
        if config.isPerKey {
            putReadyBack()
            noteWaiting()
        }
        while self.allowance > 0, let isRepeat = nextRipe() {
            guard gather(isRepeat: isRepeat) else { return }
            noteWaiting()
        }
    }

    // MARK: - One key in each

    private func startPerKey() {
        gathering = (nil, nil)
        let now = route.worker.loop.now
        while let row = next(isRepeat: false) ?? next(isRepeat: true) {
            ready.append(Ready(row: row, key: route.table.key(row), since: now))
            mayBeFull = true
        }
        while allowance > 0, let first = ready.first {
            let isRipe = now - first.since >= config.maximumWait || route.intake.isCrowded
            guard isRipe || !isReady(first) else { break }
            ready.removeFirst()
            if isReady(first) { send(first.row) }
        }
        guard mayBeFull, allowance > 0 else { return }
        var others: Deque<Ready> = []
        while let one = ready.popFirst() {
            guard isReady(one) else { continue }
            if allowance > 0, route.table.laneLength(one.row) >= limit(one.row) {
                send(one.row)
            } else {
                others.append(one)
            }
        }
        (ready, mayBeFull) = (others, allowance <= 0)
    }

    /// What was read may fill a batch.
    func didRead() { mayBeFull = true }

    /// It may have left meanwhile, and another one may be where it was.
    private func isReady(_ one: Ready) -> Bool {
        route.table.place(one.row) == .queued && route.table.key(one.row) == one.key
    }

    private func send(_ first: EntryTable.Row) {
        guard route.sessions[route.table.key(first).stream].isCertain else { return route.table.unpop(first) }
        var limit = limit(first)
        let isFresh = route.table.mark(first).isMessageRefused
        if add(first, isFresh: isFresh) == .doesNotFit { return route.table.takeBack(first) }
        if added.last == first { _ = addFollowers(of: first, &limit, isFresh: isFresh) }
        send()
    }

    /// They wait with the others that are queued.
    func putReadyBack() {
        while let one = ready.popLast() {
            if isReady(one) { route.table.unpop(one.row) }
        }
    }

    private func isCertain(_ part: [EntryTable.Row]) -> Bool {
        part.allSatisfy { route.sessions[route.table.key($0).stream].isCertain }
    }

    /// Entries of a part that come after another entry of their key wait for it, and hold up nobody else.
    private func sortOut() {
        guard route.order != nil, !parts.isEmpty else { return }
        parts = Deque(
            parts.compactMap { part in
                var going: Set<EntryTable.Row> = []
                let rows = part.filter { row in
                    if let before = route.table.predecessor(row), !going.contains(before) {
                        route.table.block(row)
                        return false
                    }
                    going.insert(row)
                    return true
                }
                return rows.isEmpty ? nil : rows
            })
    }

    private func noteWaiting() {
        let now = route.worker.loop.now
        gathering.fresh = route.table.queuedFresh > 0 ? gathering.fresh ?? now : nil
        gathering.repeats = route.table.queuedRepeats > 0 ? gathering.repeats ?? now : nil
    }

    /// Of which kind there are enough for a batch, or some that have waited for long enough: each in its turn.
    private func nextRipe() -> Bool? {
        guard let isRepeat = [isRepeatNext, !isRepeatNext].first(where: isRipe) else { return nil }
        isRepeatNext = !isRepeat
        return isRepeat
    }

    private func isRipe(isRepeat: Bool) -> Bool {
        guard let first = route.table.firstQueued(isRepeat: isRepeat),
            let since = isRepeat ? gathering.repeats : gathering.fresh
        else { return false }
        let count = isRepeat ? route.table.queuedRepeats : route.table.queuedFresh
        return count >= min(limit(first), max(1, config.maximumBytes / route.intake.sizes.usual))
            || route.worker.loop.now - since >= config.maximumWait || route.isHeldUp
            || route.table.busy >= route.intake.window
    }

    /// - Returns: `false` if no entry may go.
    private func gather(isRepeat: Bool) -> Bool {
        if isRepeat { gathering.repeats = nil } else { gathering.fresh = nil }
        let isDown = route.endpoint.standing.isDown
        var limit = route.isHeldUp ? 1 : config.maximumEntries
        var isTaken = false
        gathering: while added.count < limit, let row = next(isRepeat: isRepeat) {
            isTaken = true
            let own = self.limit(row)
            guard own > added.count else {
                route.table.unpop(row)
                break
            }
            limit = min(limit, own)
            let isFresh = isDown || route.table.mark(row).isMessageRefused
            if add(row, isFresh: isFresh) == .doesNotFit {
                route.table.takeBack(row)
                break
            }
            if added.last == row, !addFollowers(of: row, &limit, isFresh: isFresh) { break }
        }
        send()
        return isTaken
    }

    /// What comes after an entry of its key goes with it, in one request. Not if the answer may say that the one failed and the
    /// other did not.
    ///
    /// - Returns: whether there may be room for more.
    private func addFollowers(of first: EntryTable.Row, _ limit: inout Int, isFresh: Bool) -> Bool {
        guard route.order != nil, !mayFailInPart else { return true }
        var last = first
        while added.count < limit, let row = route.table.follower(last), route.table.place(row) == .blocked {
            let own = self.limit(row)
            guard own > added.count else { return false }
            limit = min(limit, own)
            if add(row, isFresh: isFresh) == .doesNotFit {
                route.table.takeBack(row)
                return false
            }
            guard added.last == row else { break }
            last = row
        }
        return true
    }

    private func next(isRepeat: Bool) -> EntryTable.Row? {
        if route.isHeldUp { return route.nextRow() }
        let sessions = route.sessions
        return route.table.next(isRepeat: isRepeat) { sessions[$0.stream].isCertain }
    }

    private enum Addition {
        case added, doesNotFit
        /// It is settled, or given up.
        case ended
    }

    private func add(_ row: EntryTable.Row, isFresh: Bool) -> Addition {
        let number = route.table.start(row, wall: route.worker.loop.wallMilliseconds)
        guard let fields = route.table.fields(row) else { return .ended }
        let delivery = route.delivery(row, fields, attempt: number, isFresh: isFresh)
        let fits = route.shaping(delivery) { () throws(UnmakeableRequest) in try sink.add(delivery) }
        guard let fits else { return .ended }
        if fits { added.append(row) }
        return fits ? .added : .doesNotFit
    }

    /// Sends what was added, if anything was.
    private func send() {
        guard let first = added.first else { return }
        let rows = added
        added = []
        if let tracer = route.tracer { begin(rows, tracer) }
        do throws(UnmakeableRequest) {
            if let report = try sink.send() { return lack(rows, report) }
        } catch {
            return rows.count == 1 ? route.burials.giveUp(first, error.reason) : split(rows)
        }
        allowance -= 1
        route.counters.batches += 1
        underWay[first] = rows
        route.didStart(first, mark: rows.count == 1 ? route.table.mark(first) : .none)
    }

    private func begin(_ rows: [EntryTable.Row], _ tracer: RouteTracer) {
        let entries = rows.compactMap { row in
            route.table.fields(row).map { (row: row, key: route.table.key(row), fields: $0) }
        }
        let attempt = rows.map { route.table.attempts($0) }.max() ?? 1
        if let one = entries.first, entries.count == 1 {
            tracer.begin(Delivery(row: one.row, key: one.key, fields: one.fields, attempt: attempt))
        } else {
            tracer.begin(entries, attempt: attempt)
        }
    }

    /// What a request needs was not to be had; nobody else is to blame.
    private func lack(_ rows: [EntryTable.Row], _ report: DeliveryReport) {
        allowance = 0
        route.worker.lack(report.outcome, at: route)
        for row in rows.reversed() {
            if route.isDraining { route.wait(row, for: .zero, isCharged: false) } else { route.table.takeBack(row) }
        }
    }

    // MARK: - The end of a request

    /// - Returns: the entries of the request whose first this is.
    func didFinish(_ row: EntryTable.Row) -> [EntryTable.Row]? { underWay.removeValue(forKey: row) }

    /// A receiver that says of each entry that it failed has taken none.
    func blamed(_ report: DeliveryReport, of rows: [EntryTable.Row]) -> DeliveryReport {
        if case .delivered(let status) = report.outcome, let stranger = stranger(in: report, rows) {
            // Nobody knows what it says of these.
            var report = report
            report.outcome = .messageRefused(.body(status: status ?? 200))
            report.detail = "accept.failed names \(stranger.prefix(80)), which is no entry of this request"
            report.failed = []
            return report
        }
        guard case .delivered(let status) = report.outcome, !report.failed.isEmpty,
            rows.allSatisfy({ isNamed($0, by: report) })
        else { return report }
        var report = report
        report.outcome = .outage(.named(status: status ?? 200))
        report.failed = []
        return report
    }

    private func stranger(in report: DeliveryReport, _ rows: [EntryTable.Row]) -> String? {
        guard !report.failed.isEmpty else { return nil }
        let ids = Set(rows.map { route.originalID($0).description })
        return report.failed.first { !ids.contains(Self.entryID(in: $0)) }
    }

    /// A name is an entry's id, or a whole `webhook-id`, whose hash need not be looked at: what is delivered twice is not lost.
    private static func entryID(in name: String) -> String {
        name.hasPrefix("msg_") ? String(name.split(separator: "_").last ?? "") : name
    }

    private func isNamed(_ row: EntryTable.Row, by report: DeliveryReport) -> Bool {
        let id = route.originalID(row).description
        return report.failed.contains { Self.entryID(in: $0) == id }
    }

    /// Says what becomes of several entries that one request carried, after the endpoint has noted its outcome.
    func judge(_ rows: [EntryTable.Row], _ report: DeliveryReport) {
        let isOpen = !route.isHeldUp && !route.isDraining
        func note(next: String) { route.notes.didFail(rows[0], report.outcome, next: next, count: rows.count) }
        switch report.outcome {
        case .ownLack: return lack(rows, report)
        case .messageRefused where isOpen:
            note(next: "at once, in two halves")
            return split(rows)
        case .messageRefused:
            note(next: "when the endpoint is back")
            for row in rows { route.wait(row, for: .zero, isCharged: false) }
        default:
            if isOpen, report.usedConnection, report.outcome.mayComeFromLeftovers {
                note(next: "at once")
                route.counters.repeatedAtOnce += rows.count
                return putBack([rows])
            }
            var failed = report
            if case .delivered(let status) = report.outcome { failed.outcome = .outage(.named(status: status ?? 200)) }
            for row in rows {
                let report = !report.failed.isEmpty && isNamed(row, by: report) ? failed : report
                let (verdict, mark) = (route.verdict(row, report.outcome), route.table.mark(row))
                // It has failed for the first time, be it another's fault: whom the endpoint accepts from now on tells.
                route.table.setMark(route.endpoint.standing.mark(mark, after: report.outcome), row)
                route.carryOut(verdict, row, report)
            }
        }
    }

    private func split(_ rows: [EntryTable.Row]) {
        route.counters.splitBatches += 1
        let half = (rows.count + 1) / 2
        putBack([Array(rows[..<half]), Array(rows[half...])])
    }

    /// They go next, over a connection of their own, and it costs them nothing.
    private func putBack(_ parts: [[EntryTable.Row]]) {
        for row in parts.joined() {
            route.table.doubt(row, isCharged: false)
            route.settler.count(row)
        }
        route.counters.retried += parts.reduce(0) { $0 + $1.count }
        self.parts.prepend(contentsOf: parts)
        route.worker.loop.atEndOfTurn(route)
    }

    /// Parts wait like all others when nothing but probes is sent, or nothing at all.
    func setPartsAside() {
        guard !parts.isEmpty else { return }
        let areAllAside = route.isHeldUp || route.isDraining
        let aside = parts.filter { areAllAside || !mayStart($0) }
        guard !aside.isEmpty else { return }
        parts = areAllAside ? [] : parts.filter(mayStart)
        for row in aside.joined() { route.wait(row, for: .zero, isCharged: true) }
    }

    /// Whether another instance may not have these entries by now, as far as leases go.
    private func mayStart(_ part: [EntryTable.Row]) -> Bool {
        part.allSatisfy { route.sessions[route.table.key($0).stream].machine.mayStart }
    }
}
