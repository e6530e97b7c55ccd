internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import Logging
internal import RedisStreams

/// The order of a route: which entries wait for which. The table keeps them in their lanes.
///
/// An entry goes on when Redis has confirmed the end of the one before it. Those behind it keep their bodies as long as there
/// is room. When nothing else can be started they make room for what else the stream has, and wait without their bodies.
final class Order {
    private unowned let route: Route
    /// `nil` if all entries of a stream have one lane.
    private let keys: OrderKey?
    /// Entries for which the program gives no key, and why.
    private var failures: [EntryKey: UnmakeableRequest] = [:]
    private var isToldOfMissingKey = false
    /// Entries of which the log has said that they are held.
    private var told: Set<EntryKey> = []

    /// So many entries of a key are fetched together that had made room, unless a batch takes more.
    static let lookahead = 8
    private static let mostTold = 1000

    /// `nil` if the route keeps no order.
    ///
    /// - Parameter key: of entries, if they are in order by one.
    init?(_ route: Route, key: OrderKey?) {
        self.route = route
        switch route.config.ordering {
        case .none: return nil
        case .key: keys = key
        case .strict: keys = nil
        }
    }

    // MARK: - Lanes

    /// The lane of an entry; `nil` if nothing waits for it, and it for nothing.
    func lane(of key: EntryKey, _ fields: EntryFields?) -> UInt64? { Parts.lane(soundLane(of: key, fields)) }

    private func soundLane(of key: EntryKey, _ fields: EntryFields?) -> UInt64? {
        guard let keys else { return UInt64(key.stream) }
        guard let fields else { return nil }
        do throws(UnmakeableRequest) {
            let origin = try route.origin(of: key, fields)
            // What is replayed keeps its order among what is replayed: others may have the lease of the stream itself.
            let lane = try keys.lane(of: origin?.key ?? key, origin?.fields ?? fields).map {
                origin == nil ? $0 : ~$0
            }
            if lane == nil { tellOfMissingKey(key) }
            return lane
        } catch {
            // That of a replay is found again when it is sent.
            if route.isReplay(key.stream), case .malformed = error.reason { return nil }
            failures[key] = error
            return nil
        }
    }

    /// Why nothing can be sent for this entry, however often it is tried.
    func failure(of key: EntryKey) -> UnmakeableRequest? { failures.isEmpty ? nil : failures[key] }

    private func tellOfMissingKey(_ key: EntryKey) {
        guard !isToldOfMissingKey else { return }
        isToldOfMissingKey = true
        route.logger.warning(
            "an entry has no key, and is delivered without order; so are others like it",
            metadata: [LogKeys.entry: "\(key.id)"])
    }

    // MARK: - Making room

    /// As much as there is room for is read. If nothing of it can be started, what stands behind others is put aside, the last
    /// first, and reading goes on: up to `max_parked`.
    func lookFurther() {
        let table = { [route] (place: EntryTable.Place) in route.table.count(place) }
        guard keys != nil, table(.blocked) > 0, table(.queued) + table(.fetching) == 0,
            route.inFlight < route.concurrency, !route.isHeldUp, !route.intake.isFull, route.intake.isCrowded
        else { return }
        park(max(1, route.intake.window / 4))
    }

    /// Nothing goes on soon: what stands behind others waits without its body.
    func parkAll() { park(.max) }

    private func park(_ count: Int) {
        let now = route.worker.loop.now
        for _ in 0..<min(count, route.table.count(.blocked)) {
            guard let row = route.table.park(now) else { return }
            route.settler.count(row)
        }
    }

    // MARK: - What cannot be delivered

    /// Its end is decided.
    func forget(_ key: EntryKey) {
        if !told.isEmpty { told.remove(key) }
        if !failures.isEmpty { failures[key] = nil }
    }

    /// With `on_dead: hold` an entry keeps its place, and is tried again after the longest wait.
    ///
    /// - Returns: whether it does.
    func holds(_ row: EntryTable.Row, _ reason: DeadLetterReason) -> Bool {
        guard route.config.onDead == .hold, reason != .trimmed else { return false }
        route.counters.held += 1
        route.counters.retried += 1
        let key = route.table.key(row)
        guard told.count < Self.mostTold, told.insert(key).inserted else { return true }
        route.logger.error(
            "an entry cannot be delivered, and those behind it wait: on_dead is hold",
            metadata: [
                LogKeys.stream: "\(route.sessions[key.stream].name)", LogKeys.entry: "\(key.id)",
                LogKeys.reason: "\(reason.logged)",
            ])
        return true
    }
}
