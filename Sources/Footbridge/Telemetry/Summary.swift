internal import Logging

/// The line per minute and route that says how it goes.
actor Summary {
    private var config: BridgeConfig
    private let workers: [Worker]
    private let logger: Logger
    /// The figures that were told last.
    private var told: [String: RouteFigures] = [:]

    init(config: BridgeConfig, workers: [Worker], logger: Logger) {
        self.config = config
        self.workers = workers
        self.logger = logger
    }

    /// The bridge has another configuration now.
    func follow(_ config: BridgeConfig) {
        self.config = config
        let names = Set(config.routes.map(\.name))
        told = told.filter { names.contains($0.key) }
    }

    struct Line {
        let route: String
        let figures: RouteFigures
        /// Unread and pending entries; unknown after deletions in the middle of a stream.
        let backlog: Int?

        func tell(_ logger: Logger) {
            var metadata: Logger.Metadata = [
                LogKeys.route: "\(route)", LogKeys.delivered: .stringConvertible(figures.delivered),
                LogKeys.retried: .stringConvertible(figures.retried), LogKeys.dead: .stringConvertible(figures.dead),
                LogKeys.backlog: backlog.map { .stringConvertible($0) } ?? "unknown",
            ]
            if figures.filtered > 0 { metadata[LogKeys.filtered] = .stringConvertible(figures.filtered) }
            if let p50 = figures.latency.percentile(50), let p99 = figures.latency.percentile(99) {
                metadata[LogKeys.p50] = .stringConvertible(p50.inMilliseconds)
                metadata[LogKeys.p99] = .stringConvertible(p99.inMilliseconds)
            }
            logger.info("summary", metadata: metadata)
        }
    }

    /// Runs until it is cancelled.
    func tellEveryMinute() async throws {
        while true {
            try await Task.sleep(for: .seconds(60))
            for line in await figures() { line.tell(logger) }
        }
    }

    /// What happened since the last call, over all workers.
    func figures() async -> [Line] {
        var sums: [String: RouteFigures] = [:]
        for worker in workers {
            for route in await worker.snapshot.routes { sums[route.route, default: RouteFigures()].add(route.figures) }
        }
        let backlogs = await workers.first?.backlogs() ?? [:]
        return config.routes.map { route in
            let sum = sums[route.name] ?? RouteFigures()
            defer { told[route.name] = sum }
            return Line(
                route: route.name, figures: sum.since(told[route.name] ?? RouteFigures()),
                backlog: Self.sum(route.streams.map { backlogs[StreamPlace(route: route.name, stream: $0)] }))
        }
    }

    /// Unknown if one of them is.
    private static func sum(_ backlogs: [StreamBacklog?]) -> Int? {
        backlogs.reduce(0) { sum, backlog in
            guard let sum, let backlog, let unread = backlog.unread else { return nil }
            return sum + unread + backlog.pending
        }
    }
}

extension Duration {
    /// To the tenth.
    var inMilliseconds: Double {
        let tenths = (components.seconds * 10_000) + components.attoseconds / 100_000_000_000_000
        return Double(tenths) / 10
    }
}
