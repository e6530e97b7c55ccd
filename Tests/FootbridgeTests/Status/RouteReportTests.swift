import FootbridgeCurl
import FootbridgeWebhooks
import RedisStreams
import Testing

@testable import Footbridge

@Suite struct RouteReportTests {
    private func report(_ route: RouteSnapshot..., backlogs: [StreamPlace: StreamBacklog] = [:]) -> RouteReport {
        RouteReport(route, backlogs, now: 1_800_000_000_000)
    }

    @Test(
        arguments: [
            (RouteSnapshot(), RouteReport.State.reading, nil),
            (RouteSnapshot(gate: .held(reason: "x")), .held, "x"),
            (RouteSnapshot(gate: .failing(reason: "y")), .failing, "y"),
            (RouteSnapshot(streams: [.init(stream: "s", isLed: false)]), .standby, "another instance delivers it"),
            (
                RouteSnapshot(gate: .held(reason: "x"), streams: [.init(stream: "s", obstacle: "z")]), .waiting,
                "stream s: z"
            ),
            (RouteSnapshot(gate: .held(reason: "x"), refusals: ["b: OOM", "c: OOM"]), .refused, "b: OOM; c: OOM"),
            (
                RouteSnapshot(
                    gate: .held(reason: "x"), hold: HoldMark(.paused, since: 0),
                    streams: [.init(stream: "s", obstacle: "z")]),
                .paused, "paused; footbridge resume orders"
            ),
            (
                RouteSnapshot(hold: HoldMark(.draining, since: 0), entries: 1), .draining,
                "draining; footbridge resume orders"
            ),
            (RouteSnapshot(hold: HoldMark(.draining, since: 0)), .drained, "draining; footbridge resume orders"),
            (RouteSnapshot(endpointsKnown: 9, endpointsDown: 2), .reading, "2 of 9 endpoints are down"),
        ] as [(RouteSnapshot, RouteReport.State, String?)])
    func `a route is in one state`(route: RouteSnapshot, state: RouteReport.State, reason: String?) {
        let report = report(route)
        #expect(report.state == state)
        #expect(report.reason == reason)
    }

    @Test func `one worker of several is enough for trouble, and all have to be done for the end`() {
        #expect(report(RouteSnapshot(), RouteSnapshot(gate: .held(reason: "x"))).state == .held)
        let mark = HoldMark(.draining, since: 0)
        #expect(report(RouteSnapshot(hold: mark), RouteSnapshot(hold: mark, entries: 2)).state == .draining)
        #expect(report(RouteSnapshot(), RouteSnapshot(refusals: ["d"]), RouteSnapshot(refusals: ["d"])).reason == "d")
        // One that has not heard of it yet.
        #expect(report(RouteSnapshot(), RouteSnapshot(hold: HoldMark(.paused, since: 0))).state == .paused)
    }

    @Test func `what is owed is unknown if a part of it is`() {
        let streams = [RouteSnapshot.Stream(stream: "a"), RouteSnapshot.Stream(stream: "b")]
        let known = StreamBacklog(pending: 3, unread: 4, oldest: EntryID("1799999999500-0"), deadLetters: 7)
        let (a, b) = (StreamPlace(route: "orders", stream: "a"), StreamPlace(route: "orders", stream: "b"))
        let route = RouteSnapshot(streams: streams)
        #expect(report(route, backlogs: [a: known, b: known]).owed == 14)
        var replayed = known
        replayed.replays = 5
        #expect(report(route, backlogs: [a: replayed, b: known]).owed == 19)
        #expect(report(route, backlogs: [a: replayed, b: known]).streams.map(\.replaying) == [5, nil])
        #expect(report(route, backlogs: [a: known]).owed == nil)
        #expect(
            report(route, backlogs: [a: known, b: StreamBacklog(pending: 1, unread: nil, oldest: nil)]).owed == nil)
        let whole = report(route, backlogs: [a: known, b: known])
        #expect(whole.oldestAgeS == 0.5)
        #expect(whole.streams.map(\.deadLetters) == [7, 7])
    }

    @Test func `workers see the same endpoint, and the worst of it counts`() {
        let failure = EndpointFailure(at: 0, outcome: .outage(.status(503)), cause: "c", answer: Array("a".utf8))
        let well = EndpointSnapshot(name: "e", standing: .well, inFlight: 2, waiting: 1)
        let down = EndpointSnapshot(
            name: "e", standing: .down, reason: "http_503", since: 0, failure: failure,
            nextProbe: .milliseconds(14_220),
            inFlight: 1, waiting: 5)
        for pair in [[well, down], [down, well]] {
            let endpoints = report(RouteSnapshot(endpoints: [pair[0]]), RouteSnapshot(endpoints: [pair[1]])).endpoints
            #expect(endpoints.count == 1)
            #expect(endpoints[0].standing == "down")
            #expect((endpoints[0].inFlight, endpoints[0].waiting) == (3, 6))
            #expect(endpoints[0].lastStatus == 503)
            #expect(endpoints[0].lastAnswer == "a")
            #expect(endpoints[0].nextProbeInS == 14.2)
            #expect(endpoints[0].since == "1970-01-01T00:00:00.000Z")
        }
    }

    @Test func `a report survives its way through Redis`() throws {
        var route = report(RouteSnapshot(endpoints: [EndpointSnapshot(name: "e", standing: .well)]))
        route.rates = RouteReport.Rates(read: 1, delivered: 2.5, failed: 0, dead: 0, filtered: 0)
        let report = InstanceReport(
            instance: "a", version: "1", host: "h", pid: 1, phase: "running", startedAt: "s", at: "t", workers: 1,
            redis: InstanceReport.Redis(up: true, roundTripMs: 0.2, reconnects: 0), loopDelayMs: 0.5, routes: [route])
        #expect(try InstanceReport(json: Array(report.json.utf8)) == report)
        #expect(report.json.contains("\"next_probe_in_s\"") == false)
        #expect(report.json.contains("\"round_trip_ms\":0.2"))
        #expect(throws: (any Error).self) { try InstanceReport(json: Array("{}".utf8)) }
        #expect(ReportTime.milliseconds(of: ReportTime.text(milliseconds: 1_795_842_932_700)) == 1_795_842_932_700)
        #expect(ReportTime.milliseconds(of: "yesterday") == nil)
    }

    private func snapshot(_ delivered: Int, latency: [Double] = []) -> [[RouteSnapshot]] {
        var route = RouteSnapshot()
        route.figures.delivered = delivered
        route.figures.failures = ["http_503": delivered / 10]
        for value in latency { route.figures.latency.record(.milliseconds(value)) }
        return [[route]]
    }

    @Test func `rates are of the last seconds, latencies of the last minute, and the past of an hour`() {
        var history = History()
        func time(_ seconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds) * 1_000_000_000) }
        #expect(history.rates(of: "orders", RouteFigures(), now: time(0)) == nil)
        for step in 0...400 {
            history.note(
                snapshot(step * 100, latency: [5]), ["orders": step], now: time(step * 10), wall: Int64(step) * 10_000)
        }
        let points = history.points(of: "orders")
        #expect(points.count == 360)
        #expect(points.last?.delivered == 100)
        #expect(points.last?.failed == 10)
        #expect(points.last?.owed == 400)
        let figures = snapshot(40_050)[0][0].figures
        #expect(history.rates(of: "orders", figures, now: time(4005))?.delivered == 10)
        #expect(history.rates(of: "orders", figures, now: time(4001))?.delivered == 13.6)
        #expect(history.latency(of: "orders", snapshot(0, latency: [5, 5, 5])[0][0].figures)?.p50 == 5)
        // One that is gone is forgotten.
        history.note([[RouteSnapshot(route: "other")]], [:], now: time(4010), wall: 0)
        #expect(history.points(of: "orders").isEmpty)
    }
}
