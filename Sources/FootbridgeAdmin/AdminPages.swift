internal import Footbridge
internal import Foundation

/// What the admin server answers to which request.
struct AdminPages: Sendable {
    let config: BridgeConfig
    let monitor: BridgeMonitor

    /// - Parameter path: without the query, which means nothing here.
    func answer(method: String, path: String) async -> AdminAnswer {
        guard ["GET", "HEAD"].contains(method) else { return .text(405, "only GET and HEAD\n") }
        var answer = await page(path)
        answer.hasBody = method == "GET"
        return answer
    }

    private func page(_ path: String) async -> AdminAnswer {
        switch path {
        case "/healthz": HealthReport(loops: await monitor.loops()).answer
        case "/readyz": ReadinessReport(await monitor.snapshot(), routes: config.routes.map(\.name)).answer
        case "/metrics": await metrics()
        case "/": .text(200, "footbridge \(Version.current)\n/healthz\n/readyz\n/metrics\n")
        default: .text(404, "no such page; there are /healthz /readyz /metrics\n")
        }
    }

    private func metrics() async -> AdminAnswer {
        async let backlogs = monitor.backlogs()
        // Sums of the workers that answer would look as if counters had gone back: better no figures for once.
        guard let snapshot = await monitor.snapshot() else { return .text(503, "a worker's loop does not turn\n") }
        var text = MetricsText()
        BridgeMetrics(
            config: config, snapshot: snapshot, backlogs: await backlogs,
            now: Int64(Date().timeIntervalSince1970 * 1000)
        ).write(to: &text)
        ProcessMetrics.current().write(to: &text)
        return AdminAnswer(status: 200, contentType: MetricsText.contentType, body: text.text)
    }
}

/// An answer before it is HTTP.
struct AdminAnswer: Equatable, Sendable {
    var status: Int
    var contentType: String
    var body: String
    /// `false`: it is an answer to HEAD.
    var hasBody = true

    static func text(_ status: Int, _ body: String) -> AdminAnswer {
        AdminAnswer(status: status, contentType: "text/plain; charset=utf-8", body: body)
    }
}
