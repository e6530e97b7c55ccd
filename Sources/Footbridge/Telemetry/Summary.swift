internal import Logging

/// The line per minute and route that says how it goes.
struct Summary {
    let config: BridgeConfig
    let workers: [Worker]
    let logger: Logger

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
        var sums = [RouteFigures](repeating: RouteFigures(), count: config.routes.count)
        for worker in workers {
            for (index, figures) in await worker.takeFigures().enumerated() { sums[index].add(figures) }
        }
        let backlogs = await workers.first?.backlogs() ?? []
        return config.routes.indices.map { index in
            Line(
                route: config.routes[index].name, figures: sums[index],
                backlog: index < backlogs.count ? backlogs[index] : nil)
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
