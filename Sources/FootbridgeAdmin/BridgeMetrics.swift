internal import Footbridge

/// The metrics of a bridge. docs/operations.md lists them all, and a test holds it to that.
struct BridgeMetrics {
    private let snapshot: BridgeSnapshot
    /// Each route as all workers see it.
    private let routes: [[RouteSnapshot]]
    private let reports: [RouteReport]
    /// What is unknown is left out.
    private let backlogs: [StreamPlace: StreamBacklog]
    /// Milliseconds since 1970.
    private let now: Int64

    init(snapshot: BridgeSnapshot, backlogs: [StreamPlace: StreamBacklog], now: Int64) {
        self.snapshot = snapshot
        self.backlogs = backlogs
        self.now = now
        routes = snapshot.routes
        reports = routes.map { RouteReport($0, backlogs, now: now) }
    }

    func write(to text: inout MetricsText) {
        writeEvents(to: &text)
        writeAttempts(to: &text)
        writeStates(to: &text)
        writeStandings(to: &text)
        writeLatencies(to: &text)
        writeBacklogs(to: &text)
        writeBridge(to: &text)
    }

    // MARK: - Routes, summed over workers

    private func writeEvents(to text: inout MetricsText) {
        let sums = routes.map { (route: $0[0].route, figures: $0.figures) }
        func add(_ name: String, _ help: String, _ value: (RouteFigures) -> Int) {
            let samples = sums.map { MetricsText.Sample(["route": $0.route], value($0.figures)) }
            text.add("footbridge_\(name)_total", .counter, help, samples)
        }
        add("entries_read", "Entries read as new from the streams.") { $0.read }
        add("entries_delivered", "Entries that were delivered: accepted (2xx), published or appended.") { $0.delivered }
        add("entries_filtered", "Entries that the filter did not pass: settled unsent.") { $0.filtered }
        add("attempts_retried", "Attempts that failed and are made again.") { $0.retried }
        add("entries_dead_lettered", "Entries given up: written to the dead letters, or dropped.") { $0.dead }
        add("entries_trimmed", "Entries that left their stream before they were settled.") { $0.trimmed }
        add("entries_trimmed_unread", "Entries that left their stream before they were read.") { $0.unreadLost }
        add("entries_removed", "Settled entries that `trim` removed from the streams.") { $0.removed }
        add("entries_without_time", "Entries whose ids are no times: their ages are unknown.") { $0.timeless }
        add("attempts_repeated_at_once", "Attempts that were made once more at once, on a fresh connection.") {
            $0.repeatedAtOnce
        }
        add("group_gaps", "Groups that were made again too far ahead and could not be put back.") { $0.groupGaps }
        add("entries_taken_over", "Entries taken over from instances that died or stopped.") { $0.takenOver }
        add("entries_resumed", "Entries of this instance that it found pending.") { $0.resumed }
        add("entries_lost_ownership", "Entries that another instance had meanwhile.") { $0.lostOwnership }
        add("publish_receivers", "Subscribers that published entries went to, summed.") { $0.receivers }
        add("publish_unheard", "Entries that were published while nobody listened.") { $0.unheard }
        add("append_repeats", "Entries that turned out to be appended before, and were not appended again.") {
            $0.appendRepeats
        }
        add("batches", "Requests of routes whose requests can carry several entries.") { $0.batches }
        add("batches_split", "Requests of several entries that were refused and taken apart.") { $0.splitBatches }
        add("attempts_held", "Attempts after which an entry keeps its place in the order, and is not given up.") {
            $0.held
        }
        add("acknowledgements_without_effect", "Acknowledged entries that were not pending any more.") {
            $0.acknowledgedTwice
        }
    }

    /// Attempts by how they ended. What is accepted has no reason.
    private func writeAttempts(to text: inout MetricsText) {
        let samples = routes.flatMap { route in
            let (name, figures) = (route[0].route, route.figures)
            return [
                MetricsText.Sample(["route": name, "result": "accepted", "class": "", "reason": ""], figures.accepted)
            ]
                + figures.failures.sorted { $0.key < $1.key }.map { reason, count in
                    MetricsText.Sample(
                        ["route": name, "result": "failed", "class": Self.statusClass(reason), "reason": reason], count)
                }
        }
        text.add(
            "footbridge_attempts_total", .counter, "Requests, or commands, by how they ended; a batch is one.", samples)
    }

    /// `5xx` of `http_503`; empty where no status came.
    private static func statusClass(_ reason: String) -> String {
        guard reason.hasPrefix("http_"), let digit = reason.dropFirst(5).first else { return "" }
        return "\(digit)xx"
    }

    private func writeStates(to text: inout MetricsText) {
        func add(_ name: String, _ help: String, _ value: (RouteSnapshot) -> Int) {
            let samples = routes.map { route in
                MetricsText.Sample(["route": route[0].route], route.reduce(0) { $0 + value($1) })
            }
            text.add("footbridge_\(name)", .gauge, help, samples)
        }
        add("requests_in_flight", "Requests under way.") { $0.inFlight }
        add("concurrency_limit", "Requests that may be under way; with concurrency: auto as many as it allows now.") {
            $0.concurrency
        }
        add("entries_queued", "Entries that were read and wait for a free request.") { $0.queued }
        add("entries_parked", "Entries that wait for the time of their next attempt.") { $0.parked }
        add("entries_blocked", "Entries that wait for an earlier one of their key.") { $0.blocked }
        add("streams_led", "Streams that this instance delivers; where there is an order, one instance does.") {
            $0.streamsLed
        }
        // Each worker has its own view of the same endpoints.
        func addMost(_ name: String, _ help: String, _ value: (RouteSnapshot) -> Int) {
            let samples = routes.map { route in
                MetricsText.Sample(["route": route[0].route], route.map(value).max() ?? 0)
            }
            text.add("footbridge_\(name)", .gauge, help, samples)
        }
        addMost("endpoints_known", "Endpoints that entries went to lately, of the worker with most.") {
            $0.endpointsKnown
        }
        addMost("endpoints_down", "Endpoints that get nothing but probes, of the worker that knows of most.") {
            $0.endpointsDown
        }
        let gates = routes.flatMap { route in
            ["open", "failing", "held"].map { state in
                MetricsText.Sample(["route": route[0].route, "state": state], route.count { $0.gate.name == state })
            }
        }
        text.add("footbridge_route_gate", .gauge, "Workers by whether the route's endpoint takes requests.", gates)
    }

    /// What `footbridge status` says of each route, as 1 and 0.
    private func writeStandings(to text: inout MetricsText) {
        let states = reports.flatMap { report in
            RouteReport.State.allCases.map { state in
                MetricsText.Sample(["route": report.route, "state": state.rawValue], report.state == state ? 1 : 0)
            }
        }
        text.add("footbridge_route_state", .gauge, "1 for the state that the route is in.", states)
        let streams = reports.flatMap { report in
            report.streams.map { MetricsText.Sample(["route": report.route, "stream": $0.stream], $0.reading ? 1 : 0) }
        }
        text.add("footbridge_stream_reading", .gauge, "0 if the stream cannot be read.", streams)
        // Of a route whose entries name their endpoints there may be thousands.
        let endpoints = reports.filter { $0.endpointsKnown == 1 }.flatMap { report in
            report.endpoints.flatMap { endpoint in
                EndpointSnapshot.Standing.allCases.map { standing in
                    MetricsText.Sample(
                        ["route": report.route, "standing": standing.rawValue],
                        endpoint.standing == standing.rawValue ? 1 : 0)
                }
            }
        }
        text.add(
            "footbridge_endpoint_standing", .gauge, "1 for how the endpoint stands, of routes that have one.", endpoints
        )
        let refusals = reports.map { MetricsText.Sample(["route": $0.route], $0.refusals == nil ? 0 : 1) }
        text.add(
            "footbridge_redis_refusing", .gauge,
            "1 if Redis refuses what the route has to write while it reads: dead letters, acknowledgements, counts.",
            refusals)
        let rates = routes.map {
            MetricsText.Sample(["route": $0[0].route], $0.contains { $0.rateTrouble != nil } ? 1 : 0)
        }
        text.add("footbridge_rate_without_tokens", .gauge, "1 if Redis gives no tokens of a shared rate.", rates)
    }

    private func writeLatencies(to text: inout MetricsText) {
        var samples: [MetricsText.Sample] = []
        var whole: [MetricsText.Sample] = []
        for route in routes {
            let (name, figures) = (route[0].route, route.figures)
            Self.add(figures.latency, name, Self.bucketMilliseconds, to: &samples)
            Self.add(figures.endToEnd, name, Self.bucketMilliseconds + Self.longBucketMilliseconds, to: &whole)
        }
        let help = "Time of the request that was accepted, from its start to the end of the answer."
        text.add("footbridge_delivery_duration_seconds", .histogram, help, samples)
        text.add(
            "footbridge_end_to_end_seconds", .histogram,
            "From when an entry was added, by its id, to when it was accepted; retries included.", whole)
    }

    private static func add(
        _ latency: LatencyHistogram, _ name: String, _ limits: [Int], to samples: inout [MetricsText.Sample]
    ) {
        for milliseconds in limits {
            let limit = MetricsText.number(Double(milliseconds) / 1000)
            let count = Double(latency.count(upTo: .milliseconds(milliseconds)))
            samples.append(.init(["route": name, "le": limit], count, suffix: "_bucket"))
        }
        samples.append(.init(["route": name, "le": "+Inf"], Double(latency.count), suffix: "_bucket"))
        samples.append(.init(["route": name], latency.totalSeconds, suffix: "_sum"))
        samples.append(.init(["route": name], Double(latency.count), suffix: "_count"))
    }

    /// From a receiver on the same machine to the longest that people configure.
    private static let bucketMilliseconds = [
        1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
    ]

    /// What waits for an endpoint that is down; the last edge of the histogram is at eighteen minutes.
    private static let longBucketMilliseconds = [120_000, 300_000, 900_000]

    // MARK: - What is owed, over all instances

    private func writeBacklogs(to text: inout MetricsText) {
        func add(_ name: String, _ help: String, _ value: (StreamBacklog) -> Double?) {
            var samples: [MetricsText.Sample] = []
            for route in routes.compactMap(\.first) {
                for stream in route.streams.map(\.stream) {
                    let backlog = backlogs[StreamPlace(route: route.route, stream: stream)]
                    guard let value = backlog.flatMap(value) else { continue }
                    samples.append(.init(["route": route.route, "stream": stream, "group": route.group], value))
                }
            }
            text.add("footbridge_stream_\(name)", .gauge, help, samples)
        }
        add("lag_entries", "Entries that the group has not read; absent when Redis does not know.") {
            $0.unread.map(Double.init)
        }
        add("pending_entries", "Entries that the group has read and not settled.") { Double($0.pending) }
        add("oldest_unsettled_age_seconds", "Age of the oldest entry that is unread or pending; 0 if there is none.") {
            $0.oldestAge(now: now).map { $0 / .seconds(1) }
        }
        add("dead_letters", "Entries of the stream of dead letters; several streams and routes may share one.") {
            $0.deadLetters.map(Double.init)
        }
    }

    // MARK: - The bridge

    private func writeBridge(to text: inout MetricsText) {
        let isUp = !snapshot.workers.isEmpty && snapshot.workers.allSatisfy(\.isRedisUp)
        text.add(
            "footbridge_redis_up", .gauge, "Whether every worker is connected to Redis.", [.init([:], isUp ? 1 : 0)])
        let reconnects = snapshot.workers.reduce(0) { $0 + $1.redisReconnects }
        text.add(
            "footbridge_redis_reconnects_total", .counter, "Connections to Redis that were made again.",
            [.init([:], reconnects)])
        let shortages = snapshot.workers.reduce(0) { $0 + $1.replicaShortages }
        text.add(
            "footbridge_replica_shortages_total", .counter, "WAITs that too few replicas answered (wait_for_ack).",
            [.init([:], shortages)])
        if let roundTrip = snapshot.workers.compactMap(\.roundTrip).max() {
            text.add(
                "footbridge_redis_round_trip_seconds", .gauge, "How long Redis took to answer the last PING.",
                [.init([:], roundTrip / .seconds(1))])
        }
        if let delay = snapshot.workers.map(\.loopDelay).max() {
            text.add(
                "footbridge_loop_delay_seconds", .gauge, "How late the loop was at its last beat, one a second.",
                [.init([:], delay / .seconds(1))])
        }
        writeSpans(to: &text)
        text.add("footbridge_build_info", .gauge, "Always 1.", [.init(["version": Version.current], 1)])
    }

    private func writeSpans(to text: inout MetricsText) {
        let (exported, dropped) = snapshot.workers.reduce((0, 0)) { ($0.0 + $1.spansExported, $0.1 + $1.spansDropped) }
        text.add(
            "footbridge_spans_exported_total", .counter, "Spans of attempts that the collector has taken.",
            [.init([:], exported)])
        text.add(
            "footbridge_spans_dropped_total", .counter, "Spans that the collector does not take, or not fast enough.",
            [.init([:], dropped)])
    }
}

extension GateStatus {
    fileprivate var name: String {
        switch self {
        case .open: "open"
        case .failing: "failing"
        case .held: "held"
        }
    }
}
