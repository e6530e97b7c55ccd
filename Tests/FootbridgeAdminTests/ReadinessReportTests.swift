import Footbridge
import FootbridgeHTTP
import Testing

@testable import FootbridgeAdmin

@Suite struct ReadinessReportTests {
    private func snapshot(_ routes: [RouteSnapshot]..., redis: Bool = true) -> BridgeSnapshot {
        BridgeSnapshot(
            phase: .running,
            workers: routes.map { routes in
                var routes = routes
                routes[1].route = "audit"
                return WorkerSnapshot(isRedisUp: redis, redisReconnects: 0, routes: routes)
            })
    }

    private struct Answer: Equatable {
        var status: Int
        var body: String?

        init(_ answer: HTTPAnswer) { (status, body) = (answer.status, answer.text) }
    }

    private func body(_ snapshot: BridgeSnapshot?) -> Answer {
        Answer(ReadinessReport(snapshot, routes: ["orders", "audit"]).answer)
    }

    private func ready(_ body: String) -> Answer {
        Answer(HTTPAnswer(status: 200, contentType: "application/json", body: body + "\n"))
    }

    private func unready(_ body: String) -> Answer {
        Answer(HTTPAnswer(status: 503, contentType: "application/json", body: body + "\n"))
    }

    private let reads = RouteSnapshot()
    private let held = RouteSnapshot(gate: .held(reason: "the receiver refuses this route (401)"))

    @Test func `routes that read are ready`() {
        let routes = #"{"route":"orders","state":"reading"},{"route":"audit","state":"reading"}"#
        #expect(
            body(snapshot([reads, reads])) == ready(#"{"missing":[],"routes":["# + routes + #"],"status":"ready"}"#))
    }

    @Test func `a held and a paused route are named, and ready`() {
        let routes = """
            {"reason":"the receiver refuses this route (401)","route":"orders","state":"held"},\
            {"reason":"paused; footbridge resume audit","route":"audit","state":"paused"}
            """
        let gone = RouteSnapshot(hold: HoldMark(.paused, since: 0))
        // One of the two workers is enough.
        #expect(
            body(snapshot([reads, gone], [held, reads]))
                == ready(#"{"missing":[],"routes":["# + routes + #"],"status":"ready"}"#))
    }

    @Test func `a stream that is not read is named`() {
        let waits = RouteSnapshot(
            gate: .held(reason: "x"),
            streams: [.init(stream: "audit:1", obstacle: "WRONGTYPE Operation against a key")])
        let report = ReadinessReport(snapshot([reads, reads], [reads, waits]), routes: ["orders", "audit"])
        #expect(report.answer.status == 503)
        #expect(report.missing == ["route audit does not read: stream audit:1: WRONGTYPE Operation against a key"])
    }

    @Test func `without Redis, that alone is missing`() {
        let waits = RouteSnapshot(streams: [.init(stream: "orders", obstacle: "not connected")])
        let report = ReadinessReport(snapshot([waits, waits], redis: false), routes: ["orders", "audit"])
        #expect(report.status == "unready")
        #expect(report.missing == ["Redis is not reached"])
    }

    @Test(
        arguments: [
            (nil, "a worker's loop does not turn"),
            (BridgeSnapshot(phase: .starting, workers: []), "the bridge is starting"),
            (BridgeSnapshot(phase: .stopping, workers: []), "the bridge is stopping"),
        ] as [(BridgeSnapshot?, String)])
    func `what does not run is not ready`(snapshot: BridgeSnapshot?, missing: String) {
        let routes = #"{"route":"orders","state":"waiting"},{"route":"audit","state":"waiting"}"#
        #expect(
            body(snapshot) == unready(#"{"missing":["\#(missing)"],"routes":["# + routes + #"],"status":"unready"}"#))
    }

    @Test func `health is that every loop turns`() {
        #expect(Answer(HealthReport(loops: [true, true]).answer) == ready(#"{"status":"ok","stuck":[],"workers":2}"#))
        #expect(HealthReport(loops: []).answer.status == 200)
        #expect(
            Answer(HealthReport(loops: [true, false]).answer) == unready(#"{"status":"stuck","stuck":[2],"workers":2}"#)
        )
    }
}
