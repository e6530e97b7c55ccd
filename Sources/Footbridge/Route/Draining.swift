internal import FootbridgeCurl

/// A route that stops: what it waits for before it is through.
final class Draining {
    private unowned let route: Route
    private let since: MonotonicTime
    private var onDrained: (() -> Void)?
    /// Streams that are asked for what came too late.
    private var handingBack = 0

    init(_ route: Route, _ onDrained: @escaping () -> Void) {
        self.route = route
        self.onDrained = onDrained
        since = route.worker.loop.now
    }

    /// Ends the reads, and hands back what they bring.
    func begin() {
        for session in route.sessions {
            handingBack += 1
            session.finish { [unowned self] in
                whenConnected(session) { [unowned self] in
                    session.adoption.handBackUnread { [unowned self] in
                        handingBack -= 1
                        route.worker.loop.atEndOfTurn(route)
                    }
                }
            }
        }
        route.worker.loop.atEndOfTurn(route)
    }

    /// At the end of each turn.
    func finishIfDone() {
        guard route.inFlight + handingBack == 0, route.table.count(.fetching) == 0, route.settler.isDone, let onDrained
        else { return }
        self.onDrained = nil
        onDrained()
    }

    /// Calls back when Redis can be told what becomes of a stream's entries. A stop waits two seconds for a connection that
    /// is lost, within `drain_timeout`: what nobody is told of, others get after `claim_after` only.
    func whenConnected(_ session: StreamSession, _ completion: @escaping () -> Void) {
        // Nothing was ever read.
        guard session.wasOpen else { return completion() }
        let lostAt = max(since, route.worker.lostAt ?? route.worker.loop.now)
        let end = min(since + route.config.drainTimeout, lostAt + .seconds(2))
        route.worker.whenConnected(within: end - route.worker.loop.now, completion)
    }
}
