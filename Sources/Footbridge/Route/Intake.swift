internal import FootbridgeCurl
internal import FootbridgeWebhooks
internal import Logging
internal import RedisStreams

/// What a route reads, and when: as much as it has room for, from each of its streams in turn.
final class Intake {
    private unowned let route: Route
    var sizes = EntrySizes()
    /// When fresh entries came in last.
    private var freshAt = MonotonicTime(nanoseconds: 0)
    /// As many entries wait as `max_parked` allows.
    private(set) var isFull = false
    /// When that was told, and whether it was told since that there are fewer. While a backlog is settled both come by turns.
    private var toldAt: MonotonicTime?
    private var isToldOfRoom = true
    private static let toldInterval = Duration.seconds(60)
    /// The session that is asked first for what there is room for.
    private var turn = 0

    init(_ route: Route) { self.route = route }

    /// Three times as many as are in flight may wait behind them: a free slot need not wait for Redis, and one read brings
    /// as many as are in flight. Fewer of large ones.
    ///
    /// Where requests carry several entries, as many as half of the next requests can carry, and two more.
    var window: Int {
        let wanted = route.batches.map { (3 * route.concurrency / 2 + 2) * $0.config.maximumEntries }
        return max(1, min(wanted ?? 4 * route.concurrency, sizes.fitting))
    }

    private var room: Int { window - route.table.busy - route.sessions.reduce(0) { $0 + $1.reserved } }

    /// There is room for less than is read at a time, whatever is on its way.
    var isCrowded: Bool { window - route.table.busy < portion }
    private var portion: Int { max(1, min(window / 4, window / route.awakeSessions)) }

    /// Asks for more, in portions of a quarter of the window at least: one command per entry would cost more than the
    /// delivery. A stream that has more to give gets what is free; each of the others reserves a little.
    func readMore() {
        noteFullness()
        route.order?.lookFurther()
        guard !isFull, mayRead else { return }
        let sessions = route.sessions
        var room = room
        let share = max(1, window / (4 * route.awakeSessions))
        let portion = portion
        for offset in sessions.indices {
            let session = sessions[(turn + offset) % sessions.count]
            guard session.mayRead else { continue }
            guard room > 0 || route.table.busy == 0 else { break }
            if session.hasBacklog {
                guard room >= portion || route.table.busy == 0 else { continue }
                session.read(max(1, room))
            } else {
                session.read(max(1, min(share, room)))
            }
            room -= session.reserved
        }
        turn = (turn + 1) % max(1, sessions.count)
    }

    /// More is read when an eighth of those that wait has gone.
    private func noteFullness() {
        let (waiting, limit) = (route.table.bodiless, route.config.maximumParked)
        let isFull = waiting >= (self.isFull ? max(1, limit - limit / 8) : limit)
        guard isFull != self.isFull else { return }
        self.isFull = isFull
        // That an endpoint is down is told already.
        guard !route.isHeldUp else { return }
        let metadata: Logger.Metadata = [LogKeys.waiting: .stringConvertible(waiting)]
        let now = route.worker.loop.now
        if isFull {
            guard toldAt.map({ now - $0 >= Self.toldInterval }) ?? true else { return }
            (toldAt, isToldOfRoom) = (now, false)
            route.logger.warning(
                "as many entries wait as max_parked allows: nothing more is read until some are settled",
                metadata: metadata)
        } else if !isToldOfRoom {
            isToldOfRoom = true
            route.logger.notice("fewer entries wait: reading again", metadata: metadata)
        }
    }

    /// While the endpoint is down others may still reach it: nothing is read but what tests it.
    private var mayRead: Bool {
        guard route.isHeldUp, case .down(let down) = route.endpoint.standing.state else { return true }
        return route.table.busy == 0 && (route.table.count == 0 || down.reason.maySpeakOfEntries)
            && route.table.count(.parked) < window
    }

    /// New entries came in.
    func received(_ entries: [StreamEntry], of stream: Int) {
        route.counters.read += entries.count
        guard !entries.isEmpty else { return }
        freshAt = route.worker.loop.now
        let isLarge = entries.count > 1 && entries.reduce(0) { $0 + $1.fields.byteCount } > Self.keptReplyBytes
        for entry in entries {
            sizes.note(entry.fields.byteCount)
            if entry.id.age(now: route.worker.loop.wallMilliseconds) == nil { route.counters.timeless += 1 }
            // Those that are on their way already come again when the group was moved back.
            let key = EntryKey(stream: stream, id: entry.id)
            _ = route.table.queue(
                key, isLarge ? entry.fields.compacted() : entry.fields, lane: route.order?.lane(of: key, entry.fields))
        }
        route.batches?.didRead()
        if route.isHeldUp { route.order?.parkAll() }
        if route.isDraining { route.handBackQueued() }
    }

    /// Whether fresh entries came in lately.
    var hasFresh: Bool { route.worker.loop.now - freshAt < BacklogPace.patience }

    /// Of a larger reply each entry gets its own copy, so that one slow request does not keep all of it.
    private static let keptReplyBytes = 64 * 1024
}
