internal import DequeModule
internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import HeapModule
internal import RedisStreams

/// The endpoints of a route whose entries name them: each has its own standing and pace, and an entry waits for its own only.
///
/// What may not start is set aside, so that others pass: with its body while its endpoint has merely its share of the
/// requests, without it while the endpoint takes nothing.
final class Endpoints {
    private final class Place {
        let id: UInt32
        let key: [UInt8]
        let endpoint: Endpoint
        /// Queued, with their bodies.
        var ready: Deque<EntryTable.Row> = []
        var isListed = false
        /// Waiting, without them. Some may be gone, or have left by another way.
        var parked: Deque<Parked> = []
        /// How many of those are being fetched, as far as we know, and since when.
        var onTheWay = 0
        var wokenAt = MonotonicTime(nanoseconds: 0)
        /// When `wakes` has it.
        var wakeAt: MonotonicTime?
        var usedAt: MonotonicTime

        init(_ id: UInt32, _ key: [UInt8], _ endpoint: Endpoint, now: MonotonicTime) {
            (self.id, self.key, self.endpoint, usedAt) = (id, key, endpoint, now)
        }
    }

    private struct Parked {
        let row: EntryTable.Row
        /// Tells the entry from another that is in its row later.
        let mark: UInt32

        init(_ row: EntryTable.Row, _ key: EntryKey) {
            self.row = row
            mark = Self.mark(key)
        }

        static func mark(_ key: EntryKey) -> UInt32 {
            UInt32(truncatingIfNeeded: (key.id.milliseconds &* 31 &+ key.id.sequence) &* 31) &+ UInt32(key.stream)
        }
    }

    private struct Wake: Comparable {
        let at: MonotonicTime
        let id: UInt32

        static func < (left: Wake, right: Wake) -> Bool { left.at < right.at }
    }

    private unowned let route: Route
    private let isRateShared: Bool
    private var places: [UInt32: Place] = [:]
    private var ids: [[UInt8]: UInt32] = [:]
    private var nextID: UInt32 = 0
    /// Those with something ready, in turn.
    private var listed: Deque<Place> = []
    private var wakes = Heap<Wake>()
    /// Requests that may start in this turn.
    private var free = 0

    /// With more, those that were not used for the longest time are forgotten.
    private static let maximum = 10_000
    private static let moment = Duration.seconds(1)
    private static let ahead = 4
    /// What was woken and has not come is not waited for any longer.
    private static let patience = Duration.seconds(1)

    /// `nil` if the route has one endpoint.
    init?(_ route: Route) {
        guard route.config.webhook?.hasManyEndpoints ?? false else { return nil }
        self.route = route
        isRateShared = route.config.rate?.scope == .cluster
    }

    private var now: MonotonicTime { route.worker.loop.now }

    /// How many are ready, of all endpoints. They take at most a quarter of the window, and those of one at most a quarter of
    /// that: what is slow leaves room for the others.
    private var readyCount = 0
    private func hasRoom(_ place: Place) -> Bool {
        let window = route.intake.window
        return readyCount < max(1, window / 4) && place.ready.count < max(1, window / 16)
    }

    /// When something may start, or has to be fetched, that does not now.
    var nextWake: MonotonicTime? { wakes.min?.at }

    /// That of an entry, as soon as it is known.
    func endpoint(of row: EntryTable.Row) -> Endpoint? { place(of: row)?.endpoint }

    private func place(of row: EntryTable.Row) -> Place? { route.table.endpoint(row).flatMap { places[$0] } }

    /// Entries that wait for one, as far as it is known that they do.
    func waiting(for id: UInt32) -> Int { places[id].map { $0.ready.count + $0.parked.count } ?? 0 }

    /// Those that are down, then those that fail, then those that most waits for.
    func worst(_ limit: Int) -> [EndpointSnapshot] {
        let ranked = places.values.map { place in
            (place: place, rank: place.endpoint.standing.isDown ? 0 : place.endpoint.standing.isFailing ? 1 : 2)
        }.sorted { left, right in
            let (more, less) = (
                left.place.parked.count + left.place.ready.count, right.place.parked.count + right.place.ready.count
            )
            return (left.rank, less, left.place.id) < (right.rank, more, right.place.id)
        }
        return ranked.prefix(limit).map { ranked in
            ranked.place.endpoint.snapshot(waiting: waiting(for: ranked.place.id), now: now)
        }
    }

    /// The name of one, as logs may show it.
    func name(_ id: UInt32) -> String? { places[id]?.endpoint.name }

    /// How many there are, and how many of them are down.
    var count: (known: Int, down: Int) { (places.count, places.values.count { $0.endpoint.standing.isDown }) }

    /// What waits goes as soon as its endpoint takes it, and is fetched no sooner; those that are down get a probe now. Visits every
    /// waiting entry.
    func retryNow() {
        var parked: Set<EntryTable.Row> = []
        for place in places.values {
            parked.formUnion(place.parked.lazy.filter { self.isParked($0, at: place) }.map(\.row))
        }
        // What is due is on its way.
        let others = route.table.waiting.filter { route.table.due($0) > now && !parked.contains($0) }
        for row in others.sorted(by: { route.table.due($0) < route.table.due($1) }) {
            guard let place = place(of: row), !route.table.isDoomed(row) else {
                route.table.setDue(row, now)
                continue
            }
            route.waitUntilWoken(row)
            place.parked.append(Parked(row, route.table.key(row)))
        }
        for place in places.values {
            place.endpoint.mayBeBack(now: now)
            release(place)
            schedule(place)
        }
    }

    // MARK: - Starting

    /// - Parameter allowance: requests that may start, as far as the route goes.
    func start(_ allowance: Int) {
        free = allowance
        wakeDue()
        for _ in 0..<listed.count where free > 0 {
            guard let place = listed.popFirst() else { break }
            place.isListed = false
            startReady(of: place)
        }
        while free > 0, let row = route.nextRow() { start(row) }
    }

    /// How many more it may have under way: one, or as many as are free beyond half of all. So those that answer slowly cannot
    /// take that half, and one that has no rivals gets a quarter (dynamic thresholds, Choudhury and Hahne 1998).
    private func share(of place: Place) -> Int {
        max(1, route.sink.free - route.concurrency / 2) - place.endpoint.inFlight
    }

    private func mayStart(_ place: Place) -> Bool { share(of: place) > 0 && allowance(of: place) > 0 }

    /// How many could start, some of them only in a moment: their bodies should be here by then.
    private func startable(at place: Place) -> Int {
        let allowance = allowance(of: place)
        if allowance > 0 { return min(allowance, max(1, share(of: place))) }
        guard !place.endpoint.standing.isDown, let next = place.endpoint.nextChange(now: now),
            next - now < Self.moment
        else { return 0 }
        return Self.ahead
    }

    /// One that is down gets all the same what is given up by its schedule.
    private func allowance(of place: Place) -> Int {
        place.endpoint.standing.isDown && route.config.retry.giveUp == .always
            ? .max : place.endpoint.allowance(now: now)
    }

    private func startReady(of place: Place) {
        while free > 0, mayStart(place), let row = place.ready.first {
            let isHere = isQueued(row, at: place)
            if isHere, !isCertain(row) { break }
            place.ready.removeFirst()
            readyCount -= 1
            if isHere { start(row) }
        }
        release(place)
        schedule(place)
    }

    /// It may have left meanwhile, and another one may be where it was.
    private func isQueued(_ row: EntryTable.Row, at place: Place) -> Bool {
        route.table.place(row) == .queued && route.table.endpoint(row) == place.id
    }

    private func isCertain(_ row: EntryTable.Row) -> Bool { route.sessions[route.table.key(row).stream].isCertain }

    private func list(_ place: Place) {
        guard !place.isListed, !place.ready.isEmpty else { return }
        place.isListed = true
        listed.append(place)
    }

    /// Sends an entry, or sets it aside.
    private func start(_ row: EntryTable.Row) {
        guard route.table.place(row) == .queued, let fields = route.table.fields(row) else { return }
        if let place = place(of: row) {
            place.onTheWay = max(0, place.onTheWay - 1)
            guard mayStart(place) else { return setAside(row, at: place) }
        }
        var delivery = route.delivery(row, fields, attempt: route.table.attempts(row) + 1)
        let outcome = route.shaping(delivery) { () throws(UnmakeableRequest) -> Start in
            let place = try findPlace(of: row)
            guard mayStart(place) else { return .setAside(place) }
            delivery.isFresh = place.endpoint.standing.isDown || route.table.mark(row).isMessageRefused
            _ = route.table.start(row, wall: route.worker.loop.wallMilliseconds)
            route.tracer?.begin(delivery)
            if let report = try route.sink.start(delivery) { return .lacks(report) }
            return .sent
        }
        switch outcome {
        case .sent:
            free -= 1
            route.didStart(row, mark: route.table.mark(row))
        case .setAside(let place): setAside(row, at: place)
        case .lacks(let report):
            free = 0
            route.worker.lack(report.outcome, at: route)
            route.table.takeBack(row)
        case nil: break
        }
    }

    private enum Start {
        case sent
        case setAside(Place)
        /// What a request needs was not to be had.
        case lacks(DeliveryReport)
    }

    private func findPlace(of row: EntryTable.Row) throws(UnmakeableRequest) -> Place {
        if let known = place(of: row) { return known }
        return find(try route.shaper?.endpointKey() ?? [], for: row)
    }

    private func find(_ key: [UInt8], for row: EntryTable.Row) -> Place {
        let place = ids[key].flatMap { places[$0] } ?? make(key)
        place.usedAt = now
        // What it remembers is of another count, if its endpoint was forgotten.
        if route.table.endpoint(row) != nil { route.table.setMark(.none, row) }
        route.table.setEndpoint(place.id, row)
        return place
    }

    private func make(_ key: [UInt8]) -> Place {
        if places.count >= Self.maximum { forgetSome() }
        let name = String(decoding: key, as: UTF8.self)
        let place = Place(nextID, key, route.worker.endpoint(named: name, of: route.config), now: now)
        nextID &+= 1
        if isRateShared {
            // The answer may come when the place is forgotten.
            place.endpoint.onTokens = { [weak self, weak place] in
                guard let self, let place else { return }
                release(place)
                schedule(place)
                route.worker.loop.atEndOfTurn(route)
            }
        }
        places[place.id] = place
        ids[key] = place.id
        return place
    }

    /// Rather those that nothing is known of than those that are down; none that somebody waits for.
    private func forgetSome() {
        let idle = places.values.filter {
            $0.ready.isEmpty && $0.parked.isEmpty && $0.onTheWay == 0 && $0.endpoint.inFlight == 0
        }
        let oldest = idle.sorted {
            let (left, right) = ($0.endpoint.standing.isDown, $1.endpoint.standing.isDown)
            return left == right ? $0.usedAt < $1.usedAt : right
        }
        for place in oldest.prefix(Self.maximum / 16) {
            places[place.id] = nil
            ids[place.key] = nil
        }
    }

    // MARK: - Setting aside

    private func setAside(_ row: EntryTable.Row, at place: Place) {
        if hasRoom(place), place.endpoint.isFull || startable(at: place) > 0 {
            place.ready.append(row)
            readyCount += 1
            list(place)
            // Tokens that all instances share have to be fetched.
            if isRateShared { schedule(place) }
            return
        }
        park(row, at: place)
    }

    private func park(_ row: EntryTable.Row, at place: Place) {
        route.setAside(row, untilWoken: true)
        place.parked.append(Parked(row, route.table.key(row)))
        schedule(place)
    }

    /// An entry has begun to wait for its next attempt: for its endpoint, if that is down.
    func didWait(_ row: EntryTable.Row) {
        guard route.isHeldUp(row), let place = place(of: row) else { return }
        place.parked.append(Parked(row, route.table.key(row)))
        schedule(place)
    }

    /// A request to an entry's endpoint has ended.
    func didFinish(_ id: UInt32) {
        guard let place = places[id] else { return }
        if place.endpoint.standing.isDown { parkReady(of: place) }
        release(place)
        schedule(place)
    }

    private func parkReady(of place: Place) {
        readyCount -= place.ready.count
        while let row = place.ready.popFirst() {
            guard isQueued(row, at: place) else { continue }
            route.setAside(row, untilWoken: true)
            place.parked.append(Parked(row, route.table.key(row)))
        }
    }

    /// Entries that are ready wait for the hand-over.
    func handBack() {
        for place in places.values { parkReady(of: place) }
    }

    // MARK: - Waking

    private func schedule(_ place: Place) {
        let waiting = place.ready.count + place.parked.count
        guard waiting > 0 else { return }
        if isRateShared { route.worker.tokens.fetch(for: place.endpoint, waiting + place.onTheWay) }
        let time: MonotonicTime?
        if allowance(of: place) == 0 {
            time = place.endpoint.nextChange(now: now).map { max($0, now + .milliseconds(1)) }
        } else {
            // What is ready goes when a request is free; and when one of its own ends, `didFinish` looks again.
            guard place.ready.isEmpty, share(of: place) > 0 || place.endpoint.inFlight == 0 else { return }
            time = place.onTheWay > 0 ? place.wokenAt + Self.patience : now
        }
        guard let time, place.wakeAt.map({ time < $0 }) ?? true else { return }
        place.wakeAt = time
        wakes.insert(Wake(at: time, id: place.id))
    }

    private func wakeDue() {
        while let wake = wakes.min, wake.at <= now {
            wakes.removeMin()
            guard let place = places[wake.id], place.wakeAt == wake.at else { continue }
            place.wakeAt = nil
            release(place)
            schedule(place)
        }
    }

    /// It may have left meanwhile, and another one may be where it was.
    private func isParked(_ parked: Parked, at place: Place) -> Bool {
        let row = parked.row
        return route.table.place(row) == .waiting && route.table.endpoint(row) == place.id
            && !route.table.isDoomed(row) && Parked.mark(route.table.key(row)) == parked.mark
    }

    /// Has as many fetched as may start; of an endpoint that is down another one each time.
    private func release(_ place: Place) {
        list(place)
        if now - place.wokenAt >= Self.patience { place.onTheWay = 0 }
        var count = startable(at: place) - place.onTheWay - place.ready.count
        // Entries of two streams may have one id, so that nobody among them is another.
        var others = place.parked.count - 1
        while count > 0, let parked = place.parked.popFirst() {
            let row = parked.row
            guard isParked(parked, at: place) else { continue }
            let isLastProbe = place.endpoint.standing.isDown && !place.endpoint.mayProbe(with: route.table.key(row).id)
            if isLastProbe, others > 0 {
                others -= 1
                place.parked.append(parked)
                continue
            }
            route.table.setDue(row, now)
            place.onTheWay += 1
            place.wokenAt = now
            count -= 1
        }
    }
}
