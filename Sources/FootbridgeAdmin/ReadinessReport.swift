internal import Footbridge

/// `/readyz`: whether entries are carried: Redis is reached, and every route reads.
///
/// A route that is held or paused is the receiver's affair and not unreadiness of this instance; the report names it.
struct ReadinessReport: Encodable, Equatable {
    struct Route: Encodable, Equatable {
        enum State: String, Encodable { case reading, standby, waiting, failing, held, paused }

        let route: String
        let state: State
        /// Why it is not just reading.
        var reason: String?
    }

    let status: String
    /// What keeps it from being ready.
    let missing: [String]
    let routes: [Route]

    /// - Parameters:
    ///   - snapshot: `nil` if a worker's loop does not turn.
    ///   - names: of the routes, in the order of the configuration.
    init(_ snapshot: BridgeSnapshot?, routes names: [String]) {
        let workers = snapshot?.workers ?? []
        routes = names.enumerated().map { index, name in
            Self.route(name, workers.map { $0.routes[index] })
        }
        missing = Self.missing(snapshot, routes)
        status = missing.isEmpty ? "ready" : "unready"
    }

    var answer: AdminAnswer { .json(missing.isEmpty ? 200 : 503, self) }

    private static func missing(_ snapshot: BridgeSnapshot?, _ routes: [Route]) -> [String] {
        guard let snapshot else { return ["a worker's loop does not turn"] }
        switch snapshot.phase {
        case .starting: return ["the bridge is starting"]
        case .stopping: return ["the bridge is stopping"]
        case .running: break
        }
        // Nothing is read without Redis, which need not be said of each stream.
        guard snapshot.workers.allSatisfy(\.isRedisUp) else { return ["Redis is not reached"] }
        let waiting = routes.filter { $0.state == .waiting }
        return waiting.map { "route \($0.route) does not read: \($0.reason ?? "unknown")" }
    }

    /// One route over all workers. What keeps it from reading comes first, for that is what readiness means.
    private static func route(_ name: String, _ snapshots: [RouteSnapshot]) -> Route {
        if snapshots.isEmpty { return Route(route: name, state: .waiting) }
        if let obstacle = snapshots.lazy.flatMap(\.obstacles).first {
            return Route(route: name, state: .waiting, reason: "stream \(obstacle.stream): \(obstacle.reason)")
        }
        if snapshots.contains(where: { $0.gate == .paused }) {
            return Route(route: name, state: .paused, reason: "the endpoint is gone (410)")
        }
        for case .held(let reason) in snapshots.map(\.gate) {
            return Route(route: name, state: .held, reason: reason)
        }
        for case .failing(let reason) in snapshots.map(\.gate) {
            return Route(route: name, state: .failing, reason: reason)
        }
        if snapshots.allSatisfy({ $0.streamsLed == 0 }) {
            return Route(route: name, state: .standby, reason: "another instance delivers it")
        }
        return Route(route: name, state: .reading)
    }
}
