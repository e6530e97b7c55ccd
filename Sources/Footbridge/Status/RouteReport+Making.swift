internal import FootbridgeCurl
internal import FootbridgeWebhooks

extension RouteReport {
    /// - Parameters:
    ///   - route: as each worker sees it; at least one.
    ///   - now: milliseconds since 1970.
    public init(_ route: [RouteSnapshot], _ backlogs: [StreamPlace: StreamBacklog], now: Int64) {
        let first = route[0]
        let figures = route.figures
        var streams: [Stream] = []
        for stream in route.flatMap(\.streams) where !streams.contains(where: { $0.stream == stream.stream }) {
            let workers = route.flatMap(\.streams).filter { $0.stream == stream.stream }
            streams.append(Stream(workers, of: first.route, backlogs, now))
        }
        let due = route.reduce(into: DueCounts()) { $0.add($1.due) }
        self.init(
            route: first.route, group: first.group, destination: first.destination, state: .reading, streams: streams,
            endpoints: Endpoint.all(route), endpointsKnown: route.map(\.endpointsKnown).max() ?? 0,
            endpointsDown: route.map(\.endpointsDown).max() ?? 0, inFlight: route.sum(\.inFlight),
            concurrency: route.sum(\.concurrency), queued: route.sum(\.queued), blocked: route.sum(\.blocked),
            waiting: route.sum(\.parked), waitingByDue: Self.names(due),
            owed: Self.sum(
                streams.map { stream in
                    stream.unread.flatMap { unread in stream.pending.map { unread + $0 + (stream.replaying ?? 0) } }
                }),
            oldestAgeS: streams.compactMap(\.oldestAgeS).max(),
            totals: Totals(
                read: figures.read, delivered: figures.delivered, filtered: figures.filtered, failed: figures.failed,
                dead: figures.dead))
        refusals = Self.distinct(route.flatMap(\.refusals))
        judge(route)
    }

    /// Workers are refused alike.
    private static func distinct(_ refusals: [String]) -> [String]? {
        var seen: Set<String> = []
        let distinct = refusals.filter { seen.insert($0).inserted }
        return distinct.isEmpty ? nil : distinct
    }

    /// What keeps it from reading comes first, for that is what readiness means.
    private mutating func judge(_ route: [RouteSnapshot]) {
        if let hold = route.compactMap(\.hold).first {
            state = hold.hold == .paused ? .paused : route.allSatisfy { $0.entries == 0 } ? .drained : .draining
            reason =
                hold.hold == .paused
                ? "paused; footbridge resume \(self.route)" : "draining; footbridge resume \(self.route)"
            since = LogTime.iso8601(milliseconds: hold.since)
        } else if let stream = streams.first(where: { $0.reason != nil }) {
            (state, reason) = (.waiting, "stream \(stream.stream): \(stream.reason ?? "")")
        } else if let refusals {
            (state, reason) = (.refused, refusals.joined(separator: "; "))
        } else if let reason = route.lazy.compactMap(\.heldReason).first {
            (state, self.reason) = (.held, reason)
            since = endpoints.first { $0.standing == EndpointSnapshot.Standing.down.rawValue }?.since
        } else if let reason = route.lazy.compactMap(\.failingReason).first {
            (state, self.reason) = (.failing, reason)
            since = endpoints.first { $0.since != nil }?.since
        } else if endpointsDown > 0, endpointsKnown > 1 {
            (state, reason) = (.reading, "\(endpointsDown) of \(endpointsKnown) endpoints are down")
        } else if streams.allSatisfy({ !$0.leads }) {
            (state, reason) = (.standby, "another instance delivers it")
        }
    }

    private static func names(_ due: DueCounts) -> [String: Int] {
        var names = ["endpoint": due.forEndpoint]
        for (name, count) in zip(["now", "10s", "1m", "10m", "1h", "later"], due.counts) { names[name] = count }
        return names
    }

    private static func sum(_ values: [Int?]) -> Int? {
        values.reduce(0) { sum, value in sum.flatMap { sum in value.map { sum + $0 } } }
    }
}

extension RouteReport.Stream {
    /// - Parameter workers: one stream as each worker sees it.
    fileprivate init(
        _ workers: [RouteSnapshot.Stream], of route: String, _ backlogs: [StreamPlace: StreamBacklog], _ now: Int64
    ) {
        let obstacle = workers.lazy.compactMap(\.obstacle).first
        let backlog = backlogs[StreamPlace(route: route, stream: workers[0].stream)]
        self.init(
            stream: workers[0].stream, reading: obstacle == nil, reason: obstacle,
            leads: workers.contains(where: \.isLed),
            unread: backlog?.unread, pending: backlog?.pending,
            oldestAgeS: backlog?.oldestAge(now: now).map { ($0 / .seconds(1)).rounded(to: 3) },
            deadLetterStream: workers[0].deadLetters, deadLetters: backlog?.deadLetters,
            replaying: backlog?.replays.flatMap { $0 > 0 ? $0 : nil })
    }
}

extension RouteReport.Endpoint {
    /// Each endpoint once: workers see the same ones, and the one that sees it in the worst state counts.
    fileprivate static func all(_ route: [RouteSnapshot]) -> [Self] {
        var places: [String: Int] = [:]
        var endpoints: [EndpointSnapshot] = []
        for endpoint in route.flatMap(\.endpoints) {
            guard let place = places[endpoint.name] else {
                places[endpoint.name] = endpoints.count
                endpoints.append(endpoint)
                continue
            }
            let known = endpoints[place]
            if endpoint.standing.rank > known.standing.rank { endpoints[place] = endpoint }
            endpoints[place].inFlight = known.inFlight + endpoint.inFlight
            endpoints[place].waiting = known.waiting + endpoint.waiting
        }
        return endpoints.map(Self.init)
    }

    private init(_ endpoint: EndpointSnapshot) {
        self.init(
            endpoint: endpoint.name, standing: endpoint.standing.rawValue, reason: endpoint.reason,
            cause: endpoint.failure?.cause, since: endpoint.since.map { LogTime.iso8601(milliseconds: $0) },
            lastStatus: endpoint.failure?.outcome.status, lastError: endpoint.failure.map { "\($0.outcome)" },
            lastAnswer: endpoint.failure.flatMap {
                $0.answer.isEmpty ? nil : String(decoding: $0.answer, as: UTF8.self)
            },
            lastFailureAt: endpoint.failure.map { LogTime.iso8601(milliseconds: $0.at) },
            lastAcceptedAt: endpoint.acceptedAt.map { LogTime.iso8601(milliseconds: $0) },
            nextProbeInS: endpoint.nextProbe.map { ($0 / .seconds(1)).rounded(to: 1) }, inFlight: endpoint.inFlight,
            waiting: endpoint.waiting)
    }
}

extension EndpointSnapshot.Standing {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension RouteSnapshot {
    fileprivate var heldReason: String? { if case .held(let reason) = gate { reason } else { nil } }
    fileprivate var failingReason: String? { if case .failing(let reason) = gate { reason } else { nil } }
}

extension [RouteSnapshot] {
    fileprivate func sum(_ value: (RouteSnapshot) -> Int) -> Int { reduce(0) { $0 + value($1) } }
}

extension Double {
    /// To so many decimals.
    func rounded(to decimals: Int) -> Double {
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        return (self * scale).rounded() / scale
    }
}
