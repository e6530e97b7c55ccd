import Footbridge
import Testing

@testable import footbridge

@Suite struct StatusReportTests {
    private func report(_ streams: [StatusReport.Stream]) -> StatusReport {
        StatusReport(routes: [
            StatusReport.Route(route: "shop", group: "shop", claimAfterSeconds: 60, streams: streams)
        ])
    }

    private var busy: StatusReport.Stream {
        var stream = StatusReport.Stream(stream: "orders")
        (stream.length, stream.unread, stream.pending, stream.handedOver) = (1200, 17, 9, 2)
        stream.oldestPendingSeconds = 312.5
        (stream.deadLetterStream, stream.deadLetters) = ("{orders}:dead", 1)
        stream.consumers = [
            StatusReport.Consumer(name: "web-1.1", pending: 3, idleSeconds: 0.25, alive: true),
            StatusReport.Consumer(name: "web-2.1", pending: 4, idleSeconds: 93_784, alive: false),
        ]
        return stream
    }

    @Test func `streams and consumers stand in columns`() {
        var unknown = StatusReport.Stream(stream: "re\u{1B}[31mfunds")
        (unknown.length, unknown.pending) = (3, 1)
        let new = StatusReport.Stream(stream: "new")
        #expect(
            report([busy, unknown, new]).text() == #"""
                ROUTE  STATE      FOR  DELIVERED/S  FAILED/S  P99  WAITING  INSTANCES
                shop   no report    -            -         -    -        -          0

                shop: no report: none runs, it has just begun, or Redis takes no writes: see the log

                ROUTE  STREAM           LENGTH    UNREAD  PENDING  OLDEST  DEAD LETTERS
                shop   orders             1200        17        9   5m12s             1
                shop   re\x1b[31mfunds       3         ?        1       ?           off
                shop   new                   ?  no group        -       -           off

                ROUTE  STREAM  CONSUMER  STATE        PENDING  IDLE
                shop   orders  web-1.1   alive              3  0.2s
                shop   orders  web-2.1   dead               4  1d2h
                shop   orders  none      handed over        2     -
                """#)
    }

    private func endpoint(_ standing: String) -> RouteReport.Endpoint {
        RouteReport.Endpoint(
            endpoint: "https://a/…", standing: standing, since: "2026-11-28T04:00:00.000Z", lastError: "refused (401)",
            lastAnswer: "no\u{1B}[1m", nextProbeInS: 14.2, inFlight: 0, waiting: 3)
    }

    private func instance(_ name: String, _ state: RouteReport.State, _ endpoint: RouteReport.Endpoint)
        -> InstanceReport
    {
        var route = RouteReport([RouteSnapshot(route: "shop", group: "shop", parked: 3)], [:], now: 0)
        (route.state, route.reason, route.since) = (state, state == .held ? "it refuses" : nil, endpoint.since)
        route.endpoints = [endpoint]
        route.rates = RouteReport.Rates(read: 0, delivered: 1.25, failed: 0.5, dead: 0, filtered: 0)
        return InstanceReport(
            instance: name, version: "0", host: name, pid: 1, phase: "running", startedAt: "", at: "", workers: 1,
            redis: InstanceReport.Redis(up: true, reconnects: 0), loopDelayMs: 0, routes: [route])
    }

    @Test func `an instance that has left no report for a while is told of, and what Redis refuses under any state`()
        throws
    {
        var refusing = instance("a", .held, endpoint("well"))
        refusing.at = "2026-11-28T04:02:05.000Z"
        refusing.routes[0].refusals = ["stream s: dead letters cannot be written: OOM"]
        var silent = instance("b", .reading, endpoint("well"))
        silent.at = "2026-11-28T04:01:53.000Z"
        var route = report([]).routes[0]
        route.add(nil, [refusing, silent])
        let now = try #require(ReportTime.milliseconds(of: "2026-11-28T04:02:07.000Z"))
        let lines = StatusReport(routes: [route]).text(now: now).split(separator: "\n")
        #expect(lines.contains("  a: stream s: dead letters cannot be written: OOM"))
        #expect(lines.contains("  b: last heard of 14s ago; Redis takes no reports, or it hangs"))
        #expect(!lines.contains { $0.hasPrefix("  a: last heard") })
    }

    @Test func `what instances say comes first, the worst of it, and what mends it`() throws {
        var route = report([]).routes[0]
        route.add(nil, [instance("a", .reading, endpoint("well")), instance("b", .held, endpoint("down"))])
        let now = try #require(ReportTime.milliseconds(of: "2026-11-28T04:02:05.000Z"))
        #expect(
            StatusReport(routes: [route]).text(now: now).hasPrefix(
                #"""
                ROUTE  STATE   FOR  DELIVERED/S  FAILED/S  P99  WAITING  INSTANCES
                shop   held   2m5s          2.5       1.0    -        6          2

                shop: held: it refuses
                  b: https://a/… is down for 2m5s; refused (401); answer: no\x1b[1m; next probe in 14s
                  when it is mended: footbridge retry shop
                """#))
        route.add(HoldMark(.paused, since: now - 60_000), [instance("a", .held, endpoint("well"))])
        #expect(route.state == .paused && route.reason == "footbridge resume shop")
        route.add(HoldMark(.draining, since: now), [instance("a", .drained, endpoint("well"))])
        #expect(route.state == .drained)
        route.add(nil, [])
        #expect(route.state == nil && route.instances == nil)
    }

    @Test func `as JSON it has all that is known and nothing else`() throws {
        let known = """
            {"claim_after_seconds":60,"group":"shop","route":"shop","streams":[{"consumers":[{"alive":true,\
            "idle_seconds":0.25,"name":"web-1.1","pending":3},{"alive":false,"idle_seconds":93784,\
            "name":"web-2.1","pending":4}],"dead_letter_stream":"{orders}:dead","dead_letters":1,"handed_over":2,\
            "length":1200,"oldest_pending_seconds":312.5,"pending":9,"stream":"orders","unread":17},\
            {"consumers":[],"stream":"new"}]}
            """
        #expect(try report([busy, StatusReport.Stream(stream: "new")]).json() == #"{"routes":["# + known + "]}")
    }

    @Test(arguments: [
        (0, "0s"), (0.04, "0s"), (0.25, "0.2s"), (0.99, "0.9s"), (1, "1s"), (59.9, "59s"), (60, "1m"), (312, "5m12s"),
        (3600, "1h"), (3660, "1h1m"), (86_400, "1d"), (93_784, "1d2h"), (1e300, "11574074d1h"),
    ])
    func times(seconds: Double, text: String) {
        #expect(StatusReport.time(seconds) == text)
    }
}
