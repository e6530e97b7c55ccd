internal import Curl
internal import RESP
internal import Redis
internal import Webhooks

/// What a worker tells of itself when it is asked; nothing is prepared while nobody does.
extension Worker {
    var snapshot: WorkerSnapshot {
        WorkerSnapshot(
            isRedisUp: context.commands.connection != nil, redisReconnects: context.health.reconnects,
            replicaShortages: context.replicas?.shortages ?? 0, routes: routes.map(\.snapshot))
    }

    /// What each route's group has still to settle of each of its streams, over all instances; `nil` where Redis does not
    /// tell within a second.
    func backlogs() async -> [[StreamBacklog?]] {
        let unknown = routes.map { [StreamBacklog?](repeating: nil, count: $0.config.streams.count) }
        guard let connection = context.commands.connection else { return unknown }
        return await withCheckedContinuation { (continuation: CheckedContinuation<[[StreamBacklog?]], Never>) in
            var backlogs = unknown
            var left = unknown.reduce(0) { $0 + $1.count }
            for (route, config) in routes.map(\.config).enumerated() {
                for (index, stream) in config.streams.enumerated() {
                    connection.send(StreamBacklog.command(stream: stream, group: config.group)) { reply in
                        guard left > 0 else { return }
                        backlogs[route][index] = (try? reply.get()).flatMap(StreamBacklog.init(reply:))
                        left -= 1
                        if left == 0 { continuation.resume(returning: backlogs) }
                    }
                }
            }
            // Not worth the connection, which the deadline of a command would cost.
            loop.schedule(after: .seconds(1)) {
                if left > 0 { continuation.resume(returning: backlogs) }
                left = 0
            }
        }
    }
}

extension Route {
    fileprivate var snapshot: RouteSnapshot {
        let crowd = intake.isFull && !isHeldUp ? "as many entries wait as max_parked allows" : nil
        let obstacles = sessions.compactMap { session in
            (session.obstacle ?? crowd).map { RouteSnapshot.Obstacle(stream: session.name, reason: $0) }
        }
        let (known, down) = endpoints?.count ?? (1, endpoint.standing.isDown ? 1 : 0)
        return RouteSnapshot(
            figures: Parts.figures(of: counters), inFlight: inFlight, concurrency: concurrency,
            queued: table.count(.queued), parked: table.count(.waiting), gate: gate,
            endpointsKnown: known, endpointsDown: down, blocked: table.count(.blocked) + table.count(.parked),
            streamsLed: sessions.count { $0.lease == nil || $0.machine.lease != nil }, obstacles: obstacles)
    }

    /// Where nothing waits nothing is wrong for anybody, and nothing will be sent that could show the opposite.
    private var gate: GateStatus {
        let standing = endpoint.standing
        if table.count > 0, let trouble = endpoint.rateTrouble {
            return .failing(reason: "Redis gives no tokens of the shared rate: \(trouble)")
        }
        guard table.count > 0, let failure = standing.lastFailure else { return .open }
        switch standing.state {
        case .down(let down) where isHeldUp:
            return down.reason.status == 410 ? .paused : .held(reason: "\(down.reason)")
        case .down: return .failing(reason: "\(failure)")
        case .well, .doubtful: return standing.isFailing ? .failing(reason: "\(failure)") : .open
        }
    }
}
