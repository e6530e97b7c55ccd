internal import FootbridgeCurl

/// What routes did in the last hour, in steps of ten seconds; and how fast they are now. By name, so that it survives a change of the
/// configuration.
struct History {
    static let step = Duration.seconds(10)
    /// An hour.
    private static let length = 360
    /// A minute, for latencies.
    private static let recent = 6

    private struct Past {
        var points: [HistoryPoint] = []
        /// The figures of the last minute, one for each step, the oldest first.
        var figures: [(at: MonotonicTime, figures: RouteFigures)] = []
    }

    private var routes: [String: Past] = [:]

    /// To be called once in each step.
    ///
    /// - Parameter wall: milliseconds since 1970.
    mutating func note(_ snapshot: [[RouteSnapshot]], _ owed: [String: Int], now: MonotonicTime, wall: Int64) {
        let names = Set(snapshot.map { $0[0].route })
        routes = routes.filter { names.contains($0.key) }
        for route in snapshot {
            let (name, figures) = (route[0].route, route.figures)
            var past = routes[name] ?? Past()
            if let last = past.figures.last {
                let since = figures.since(last.figures)
                past.points.append(
                    HistoryPoint(
                        at: LogTime.iso8601(milliseconds: wall), read: since.read, delivered: since.delivered,
                        failed: since.failed,
                        dead: since.dead, owed: owed[name], p99Ms: since.latency.milliseconds(99)))
                if past.points.count > Self.length { past.points.removeFirst() }
            }
            past.figures.append((now, figures))
            if past.figures.count > Self.recent { past.figures.removeFirst() }
            routes[name] = past
        }
    }

    func points(of route: String) -> [HistoryPoint] { routes[route]?.points ?? [] }

    /// Per second, since the last step but one at most.
    func rates(of route: String, _ figures: RouteFigures, now: MonotonicTime) -> RouteReport.Rates? {
        guard let past = routes[route]?.figures,
            let earlier = past.last(where: { now - $0.at >= Self.step / 2 }) ?? past.first
        else { return nil }
        let (since, time) = (figures.since(earlier.figures), (now - earlier.at) / .seconds(1))
        guard time > 0.5 else { return nil }
        func rate(_ count: Int) -> Double { (Double(count) / time).rounded(to: 1) }
        return RouteReport.Rates(
            read: rate(since.read), delivered: rate(since.delivered), failed: rate(since.failed),
            dead: rate(since.dead),
            filtered: rate(since.filtered))
    }

    /// Of the last minute.
    func latency(of route: String, _ figures: RouteFigures) -> RouteReport.Latency? {
        guard let earlier = routes[route]?.figures.first else { return nil }
        let latency = figures.since(earlier.figures).latency
        guard let p50 = latency.milliseconds(50), let p90 = latency.milliseconds(90), let p99 = latency.milliseconds(99)
        else { return nil }
        return RouteReport.Latency(p50: p50, p90: p90, p99: p99)
    }
}

/// What a route did in ten seconds.
public struct HistoryPoint: Codable, Sendable, Equatable {
    /// When they ended, in ISO 8601.
    public var at: String
    public var read: Int
    public var delivered: Int
    public var failed: Int
    public var dead: Int
    public var owed: Int?
    public var p99Ms: Double?
}

extension LatencyHistogram {
    fileprivate func milliseconds(_ percent: Double) -> Double? {
        percentile(percent).map { (Double($0.wholeNanoseconds) / 1e6).rounded(to: 2) }
    }
}
