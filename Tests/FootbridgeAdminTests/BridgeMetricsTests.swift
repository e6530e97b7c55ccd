import Footbridge
import RedisStreams
import TestSupport
import Testing

@testable import FootbridgeAdmin

@Suite struct BridgeMetricsTests {
    private let streams = [RouteSnapshot.Stream(stream: "o\"1"), RouteSnapshot.Stream(stream: "o2")]

    private func worker(_ route: RouteSnapshot, isUp: Bool = true) -> WorkerSnapshot {
        var route = route
        (route.group, route.streams) = ("g", streams)
        let audit = RouteSnapshot(route: "audit", group: "audit", streams: [RouteSnapshot.Stream(stream: "o2")])
        return WorkerSnapshot(
            isRedisUp: isUp, redisReconnects: 2, roundTrip: .milliseconds(2), replicaShortages: 3,
            routes: [route, audit])
    }

    /// - Parameter backlogs: of the two streams of `orders`.
    private func text(_ workers: [WorkerSnapshot], _ backlogs: [StreamBacklog?] = [], isOpen: Bool = false) -> String {
        var text = MetricsText(isOpen: isOpen)
        var known: [StreamPlace: StreamBacklog] = [:]
        for (stream, backlog) in zip(streams, backlogs) {
            known[StreamPlace(route: "orders", stream: stream.stream)] = backlog
        }
        BridgeMetrics(
            snapshot: BridgeSnapshot(phase: .running, workers: workers), backlogs: known, now: 1_800_000_000_000
        ).write(to: &text)
        return text.whole
    }

    /// The lines of one family without those of `audit`.
    private func lines(_ name: String, _ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix(name) && !$0.contains("audit") }.map(String.init)
    }

    @Test func `counters and gauges are sums over the workers`() {
        var route = RouteSnapshot(inFlight: 3, concurrency: 8, queued: 4, parked: 5)
        route.figures.delivered = 7
        route.figures.lostOwnership = 1
        let all = text([worker(route), worker(route)])
        #expect(
            lines("footbridge_entries_delivered", all) == [#"footbridge_entries_delivered_total{route="orders"} 14"#])
        #expect(
            lines("footbridge_entries_lost", all) == [#"footbridge_entries_lost_ownership_total{route="orders"} 2"#])
        #expect(lines("footbridge_requests", all) == [#"footbridge_requests_in_flight{route="orders"} 6"#])
        #expect(lines("footbridge_concurrency", all) == [#"footbridge_concurrency_limit{route="orders"} 16"#])
        #expect(lines("footbridge_entries_queued", all) == [#"footbridge_entries_queued{route="orders"} 8"#])
        #expect(lines("footbridge_entries_parked", all) == [#"footbridge_entries_parked{route="orders"} 10"#])
        #expect(lines("footbridge_redis_reconnects", all) == ["footbridge_redis_reconnects_total 4"])
        #expect(lines("footbridge_replica", all) == ["footbridge_replica_shortages_total 6"])
    }

    @Test func `a gate counts the workers in each state, and one worker without Redis is Redis down`() {
        let held = worker(RouteSnapshot(gate: .held(reason: "x")), isUp: false)
        let all = text([worker(RouteSnapshot()), held, held])
        #expect(
            lines("footbridge_route_gate", all) == [
                #"footbridge_route_gate{route="orders",state="open"} 1"#,
                #"footbridge_route_gate{route="orders",state="failing"} 0"#,
                #"footbridge_route_gate{route="orders",state="held"} 2"#,
            ])
        #expect(lines("footbridge_redis_up", all) == ["footbridge_redis_up 0"])
        #expect(lines("footbridge_redis_up", text([held])) == ["footbridge_redis_up 0"])
        #expect(lines("footbridge_redis_up", text([worker(RouteSnapshot())])) == ["footbridge_redis_up 1"])
    }

    @Test func `latencies are cumulative and end at the count`() {
        var route = RouteSnapshot()
        for milliseconds in [1.5, 30, 30, 90_000] { route.figures.latency.record(.milliseconds(milliseconds)) }
        let name = "footbridge_delivery_duration_seconds"
        let all = lines(name, text([worker(route)]))
        let counts = all.map { $0.split(separator: " ").last.map(String.init) }
        let limits = ["0.001", "0.002", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5"]
        #expect(
            all.prefix(11).map { String($0.prefix { $0 != "}" }) }
                == limits.map { "\(name)_bucket{route=\"orders\",le=\"\($0)\"" })
        #expect(counts == ["0", "1", "1", "1", "1"] + Array(repeating: "3", count: 10) + ["4", "90.0615", "4"])
    }

    @Test func `what Redis does not know is absent`() {
        let known = StreamBacklog(pending: 3, unread: 9, oldest: EntryID("1799999999500-0"))
        let partly = StreamBacklog(pending: 1, unread: nil, oldest: EntryID("5-1"))
        let all = text([worker(RouteSnapshot())], [known, partly])
        let labels = #"{route="orders",stream="o\"1",group="g"}"#
        #expect(lines("footbridge_stream_lag", all) == ["footbridge_stream_lag_entries\(labels) 9"])
        #expect(
            lines("footbridge_stream_oldest", all) == ["footbridge_stream_oldest_unsettled_age_seconds\(labels) 0.5"])
        #expect(lines("footbridge_stream_pending", all).count == 2)
        #expect(!all.contains("footbridge_stream_lag_entries{route=\"audit\""))
        #expect(!text([worker(RouteSnapshot())]).contains("footbridge_stream_lag"))
    }

    @Test func `attempts are counted by how they ended`() {
        var route = RouteSnapshot()
        route.figures.accepted = 5
        route.figures.failures = ["http_503": 2, "timeout": 1]
        #expect(
            lines("footbridge_attempts_total", text([worker(route), worker(route)])) == [
                #"footbridge_attempts_total{route="orders",result="accepted",class="",reason=""} 10"#,
                #"footbridge_attempts_total{route="orders",result="failed",class="5xx",reason="http_503"} 4"#,
                #"footbridge_attempts_total{route="orders",result="failed",class="",reason="timeout"} 2"#,
            ])
    }

    @Test func `a route is in one state, its worst endpoint in one standing, and a stream that is not read is named`() {
        let down = EndpointSnapshot(name: "http://a", standing: .down)
        let well = EndpointSnapshot(name: "http://a", standing: .well)
        let all = text([
            worker(RouteSnapshot(endpoints: [well])),
            worker(RouteSnapshot(gate: .held(reason: "x"), endpoints: [down], rateTrouble: "NOPERM")),
        ])
        #expect(
            lines("footbridge_route_state", all).filter { $0.hasSuffix(" 1") } == [
                #"footbridge_route_state{route="orders",state="held"} 1"#
            ])
        #expect(
            lines("footbridge_endpoint_standing", all).filter { $0.hasSuffix(" 1") } == [
                #"footbridge_endpoint_standing{route="orders",standing="down"} 1"#
            ])
        #expect(lines("footbridge_rate", all) == [#"footbridge_rate_without_tokens{route="orders"} 1"#])
        #expect(lines("footbridge_redis_refusing", all) == [#"footbridge_redis_refusing{route="orders"} 0"#])
        let refused = text([worker(RouteSnapshot(hold: HoldMark(.paused, since: 0), refusals: ["OOM"]))])
        // Under whatever state.
        #expect(lines("footbridge_redis_refusing", refused) == [#"footbridge_redis_refusing{route="orders"} 1"#])
        #expect(lines("footbridge_stream_reading", all).count == 2)
        #expect(lines("footbridge_stream_reading", all).allSatisfy { $0.hasSuffix(" 1") })
        let blind = WorkerSnapshot(
            isRedisUp: true, redisReconnects: 0,
            routes: [RouteSnapshot(streams: [RouteSnapshot.Stream(stream: "o", obstacle: "WRONGTYPE")])])
        #expect(
            lines("footbridge_stream_reading", text([blind]))
                == [#"footbridge_stream_reading{route="orders",stream="o"} 0"#])
    }

    @Test func `OpenMetrics has families of counters without their ending, and an end`() {
        let open = text([worker(RouteSnapshot())], isOpen: true)
        #expect(open.contains("# TYPE footbridge_entries_read counter\nfootbridge_entries_read_total{"))
        #expect(open.hasSuffix("\n# EOF\n"))
        #expect(MetricsText.wantsOpen("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"))
        #expect(!MetricsText.wantsOpen("text/plain"))
    }

    @Test func `the documentation lists every metric with its type, and no other`() throws {
        var process = MetricsText()
        ProcessMetrics.current().write(to: &process)
        let known =
            (text(
                [worker(RouteSnapshot(endpoints: [EndpointSnapshot(name: "http://a", standing: .well)]))],
                [StreamBacklog(pending: 0, unread: 0, oldest: nil, deadLetters: 0)])
            + process.text).split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.dropFirst(7) }
        let documented = try Repository.text("docs/operations.md").split(separator: "\n").compactMap {
            line -> String? in
            let cells = line.split(separator: "|").map { $0.filter { $0 != "`" && $0 != " " } }
            guard cells.count >= 3, cells[0].hasPrefix("footbridge_") || cells[0].hasPrefix("process_") else {
                return nil
            }
            return "\(cells[0].prefix { $0 != "{" }) \(cells[1])"
        }
        #expect(documented.sorted() == known.map(String.init).sorted())
    }
}
