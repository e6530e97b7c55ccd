internal import Footbridge
internal import FootbridgeHTTP

/// `/readyz`: whether entries are carried: Redis is reached, and every route reads.
///
/// A route that is held is the receiver's affair, and one that is paused its operator's; neither is unreadiness of this instance. The
/// report names them.
struct ReadinessReport: Encodable, Equatable {
    struct Route: Encodable, Equatable {
        let route: String
        let state: RouteReport.State
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
        let found = snapshot?.routes.map { RouteReport($0, [:], now: 0) } ?? []
        routes = names.map { name in
            found.first { $0.route == name }.map { Route(route: name, state: $0.state, reason: $0.reason) }
                ?? Route(route: name, state: .waiting)
        }
        missing = Self.missing(snapshot, routes)
        status = missing.isEmpty ? "ready" : "unready"
    }

    var answer: HTTPAnswer { .json(missing.isEmpty ? 200 : 503, self) }

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
}
