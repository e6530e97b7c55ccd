internal import Footbridge
internal import FootbridgeCurl
internal import FootbridgeHTTP
internal import FootbridgeRedis

/// What the admin server answers to which request.
struct AdminPages: Sendable {
    private let initial: BridgeConfig
    private let monitor: BridgeMonitor
    private let reporter: Reporter
    private let redis: @Sendable () -> RedisTarget?
    private let gate: AdminGate
    private let reload: (@Sendable () async -> ReloadAnswer)?

    init(
        config: BridgeConfig, monitor: BridgeMonitor, reporter: Reporter,
        redis: @escaping @Sendable () -> RedisTarget?, reload: (@Sendable () async -> ReloadAnswer)? = nil
    ) {
        self.reload = reload
        initial = config
        self.monitor = monitor
        self.reporter = reporter
        self.redis = redis
        gate = AdminGate(token: config.admin?.token)
    }

    /// What the bridge runs now.
    private var config: BridgeConfig { monitor.config ?? initial }

    func answer(_ request: HTTPRequest) async -> HTTPAnswer {
        var answer: HTTPAnswer
        do throws(HTTPError) {
            try gate.check(request, isOpen: Self.open.contains(request.path))
            answer = try await page(request)
        } catch {
            answer = error.answer
        }
        answer.hasBody = request.method != "HEAD"
        return answer
    }

    /// For probes, and the files of the page, which hold nothing of the bridge.
    private static let open: Set = ["/healthz", "/readyz", "/", "/page.css", "/page.js"]

    private func page(_ request: HTTPRequest) async throws(HTTPError) -> HTTPAnswer {
        if request.path.hasPrefix("/api/") { return try await api(request) }
        guard ["GET", "HEAD"].contains(request.method) else { return Self.onlyReading }
        switch request.path {
        case "/healthz": return HealthReport(loops: await monitor.loops()).answer
        case "/readyz": return ReadinessReport(await monitor.snapshot(), routes: config.routes.map(\.name)).answer
        case "/metrics": return await metrics(request)
        default:
            if let file = PageFile(path: request.path) { return file.answer }
            return .text(404, "no such page; there are / /healthz /readyz /metrics /api/v1/status\n")
        }
    }

    private static var onlyReading: HTTPAnswer {
        var answer = HTTPAnswer.text(405, "only GET and HEAD\n")
        answer.headers["Allow"] = "GET, HEAD"
        return answer
    }

    private func api(_ request: HTTPRequest) async throws(HTTPError) -> HTTPAnswer {
        let steps = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(3).map(String.init)
        guard request.path.hasPrefix("/api/v1/"), let first = steps.first else {
            throw HTTPError(404, "there is only /api/v1/; docs/api.md lists what is there")
        }
        let seeing = ["GET", "HEAD"].contains(request.method)
        switch (first, steps.count, seeing) {
        case ("status", 1, true): return .json(200, try await report())
        case ("routes", 1, true): return .json(200, ["routes": try await report().routes])
        case ("attempts", 1, true): return .json(200, try await attempts(request))
        case ("events", 1, true): return try events(request)
        case ("reload", 1, false) where request.method == "POST": return try await reloaded()
        case ("reload", 1, _): throw HTTPError(405, "only POST")
        case ("routes", 2..., _):
            let route = try known(steps[1].withoutPercentEncoding ?? steps[1])
            return try await self.route(route, Array(steps.dropFirst(2)), request, seeing: seeing)
        case ("status", 1, _), ("attempts", 1, _), ("events", 1, _): throw HTTPError(405, "only GET and HEAD")
        default: throw HTTPError(404, "there is no such thing; docs/api.md lists what is there")
        }
    }

    private func route(
        _ route: RouteConfig, _ steps: [String], _ request: HTTPRequest, seeing: Bool
    ) async throws(HTTPError) -> HTTPAnswer {
        let actions = RouteActions(route, config: config, redis: redis)
        switch (steps.first, steps.count, seeing) {
        case (nil, _, true): return .json(200, try await report(of: route))
        case ("history", 1, true):
            struct Answer: Encodable { let stepS: Int, samples: [HistoryPoint] }
            return .json(200, Answer(stepS: Reporter.historyStep, samples: await reporter.history(of: route.name)))
        case ("waiting", 1, true):
            try request.allow("limit")
            let limit = try request.number("limit", 1...1000, else: 100)
            let waiting = await monitor.waiting(ofRoute: route.name, limit: limit)
            return .json(200, WaitingPage(waiting, limit: limit, total: try await report(of: route).waiting))
        case ("pause", 1, false), ("drain", 1, false), ("resume", 1, false), ("retry", 1, false):
            guard request.method == "POST" else { throw HTTPError(405, "only POST") }
            try await actions.perform(steps[0])
            return .json(200, try await settled(route, after: steps[0]))
        case ("try", 1, false):
            guard request.method == "POST" else { throw HTTPError(405, "only POST") }
            return .json(200, try await actions.trial(try request.json(TrialWish.self)))
        case ("letters", _, _): return try await letters(route, actions, Array(steps.dropFirst()), request)
        case (nil, _, false): throw HTTPError(405, "only GET and HEAD")
        case ("pause", 1, true), ("drain", 1, true), ("resume", 1, true), ("retry", 1, true), ("try", 1, true):
            throw HTTPError(405, "only POST")
        default: throw HTTPError(404, "there is no such thing; docs/api.md lists what is there")
        }
    }

    private func known(_ name: String) throws(HTTPError) -> RouteConfig {
        if let route = config.routes.first(where: { $0.name == name }) { return route }
        throw HTTPError(404, "\(UnknownChoice(name, what: "route", config.routes.map(\.name)))")
    }

    private func reloaded() async throws(HTTPError) -> HTTPAnswer {
        guard let reload else { throw HTTPError(503, "this bridge cannot read its configuration again") }
        let answer = await reload()
        guard answer.isTaken else { throw HTTPError(409, "\(answer)") }
        return .json(200, ["reload": "\(answer)"])
    }

    private func letters(
        _ route: RouteConfig, _ actions: RouteActions, _ steps: [String], _ request: HTTPRequest
    ) async throws(HTTPError) -> HTTPAnswer {
        let letters = LetterActions(route, actions)
        switch (steps.first, steps.dropFirst().first, request.method) {
        case (nil, _, "GET"), (nil, _, "HEAD"): return .json(200, try await letters.page(request))
        case (let name?, nil, "GET"), (let name?, nil, "HEAD"):
            return .json(200, try await letters.letter(name.withoutPercentEncoding ?? name))
        case (let name?, nil, "DELETE"):
            try await letters.drop(name.withoutPercentEncoding ?? name)
            return .json(200, ["dropped": name])
        case (let name?, "replay", "POST") where steps.count == 2:
            try await letters.replay(name.withoutPercentEncoding ?? name, try request.json(ReplayWish.self))
            return .json(200, ["replayed": name])
        case (_?, nil, _): throw HTTPError(405, "only GET, HEAD and DELETE")
        case (_?, "replay", _) where steps.count == 2: throw HTTPError(405, "only POST")
        case (nil, _, _): throw HTTPError(405, "only GET and HEAD")
        default: throw HTTPError(404, "there is no such thing; docs/api.md lists what is there")
        }
    }

    private func report() async throws(HTTPError) -> InstanceReport {
        guard let report = await reporter.report() else { throw HTTPError(503, "a worker's loop does not turn") }
        return report
    }

    private func report(of route: RouteConfig) async throws(HTTPError) -> RouteReport {
        guard let report = try await report().routes.first(where: { $0.route == route.name }) else {
            throw HTTPError(503, "the bridge is starting")
        }
        return report
    }

    /// The route as it is when this instance has heard of what it is to do, or after a moment.
    private func settled(_ route: RouteConfig, after action: String) async throws(HTTPError) -> RouteReport {
        var report = try await report(of: route)
        for _ in 0..<20 where !Self.isDone(action, report.state) {
            try? await Task.sleep(for: .milliseconds(50))
            report = try await self.report(of: route)
        }
        return report
    }

    private static func isDone(_ action: String, _ state: RouteReport.State) -> Bool {
        switch action {
        case "pause": state == .paused
        case "drain": state == .draining || state == .drained
        case "resume": ![.paused, .draining, .drained].contains(state)
        default: true
        }
    }

    // MARK: - Attempts and events

    private func attempts(_ request: HTTPRequest) async throws(HTTPError) -> AttemptPage {
        let wish = try AttemptWish(request)
        if let route = wish.route { _ = try known(route) }
        return await AttemptPage.make(wish, config.routes, monitor)
    }

    private func events(_ request: HTTPRequest) throws(HTTPError) -> HTTPAnswer {
        try request.allow("route")
        let route = request.query["route"].flatMap { $0.isEmpty ? nil : $0 }
        if let route { _ = try known(route) }
        let stream = EventStream(route: route, monitor: monitor, reporter: reporter)
        return HTTPAnswer(status: 200, contentType: "text/event-stream", body: .parts(stream.parts))
    }

    // MARK: - Metrics

    private func metrics(_ request: HTTPRequest) async -> HTTPAnswer {
        async let backlogs = monitor.backlogs()
        // Sums of the workers that answer would look as if counters had gone back: better no figures for once.
        guard let snapshot = await monitor.snapshot() else { return .text(503, "a worker's loop does not turn\n") }
        var text = MetricsText(isOpen: MetricsText.wantsOpen(request.headers["accept"]))
        BridgeMetrics(
            snapshot: snapshot, backlogs: await backlogs, now: WallClock.milliseconds
        ).write(to: &text)
        ProcessMetrics.current().write(to: &text)
        return HTTPAnswer(status: 200, contentType: text.contentType, body: text.whole)
    }
}
