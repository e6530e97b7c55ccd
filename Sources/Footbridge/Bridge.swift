internal import FootbridgeCurl
public import FootbridgeRedis
internal import Glibc
public import Logging
public import ServiceLifecycle

/// The bridge: workers that carry the entries of all routes, and what people see of them.
///
/// A service: `run()` returns after a graceful shutdown, when everything in flight has been settled.
public struct Bridge: Service {
    private let config: BridgeConfig
    private let target: RedisTarget
    private let logger: Logger
    private let notify: SystemdNotify?
    private let monitor: BridgeMonitor
    private let reporter: Reporter
    private let reloads: ConfigReloads?

    /// - Parameters:
    ///   - redis: the server to use; for `redis: embedded` the one that was started for it.
    ///   - notify: whom to tell that the bridge is up, or nobody.
    ///   - monitor: what others ask about this bridge.
    ///   - reporter: keeps what happened; one of its own if it is `nil`.
    ///   - reloads: wishes to read the configuration again, and where from; it holds `config`.
    public init(
        config: BridgeConfig, redis: RedisTarget, logger: Logger, notify: SystemdNotify? = nil,
        monitor: BridgeMonitor = BridgeMonitor(), reporter: Reporter? = nil, reloads: ConfigReloads? = nil
    ) {
        self.reporter = reporter ?? Reporter(instance: config.instance, monitor: monitor)
        self.config = config
        self.logger = logger
        self.notify = notify
        self.monitor = monitor
        self.reloads = reloads
        target = redis
    }

    public func run() async throws {
        DescriptorLimit.check(config, logger)
        for advice in config.advice { advice.tell(logger) }
        StopTime.advice(
            config, variable: { getenv($0).map { String(cString: $0) } }, isHeard: notify?.isHeard ?? false)?
            .tell(logger)
        let rates = RateBook(config.routes)
        let workers = try (1...max(1, config.workers)).map {
            try Worker(number: $0, config: config, target: target, rates: rates, logger: logger)
        }
        for worker in workers { await worker.start() }
        monitor.runs(workers, config)
        logger.info(
            "footbridge runs",
            metadata: [
                LogKeys.version: "\(Version.current)", LogKeys.instance: "\(config.instance)",
                LogKeys.routes: "\(config.routes.count)",
            ])
        // Whom nobody listens to has nothing to tell.
        let report = notify.flatMap { $0.isHeard ? ServiceReport($0, monitor: monitor) : nil }
        if let notify { LoopBeats(notify, loops: workers.map(\.loop)).begin() }
        let telling = report.map { report in Task { try? await report.run() } }
        let summary = Summary(config: config, workers: workers, logger: logger)
        let reloader = reloads.map {
            Reloader(
                $0, workers: workers, rates: rates, monitor: monitor, summary: summary, notify: notify, logger: logger)
        }
        let advising = Task { try? await StartAdvice(config: config, monitor: monitor, logger: logger).run() }
        let reporting = Task { [reporter] in try? await reporter.run() }
        let watch = reloader.map { reloader in Task { try? await reloader.watch() } }
        if let reloader { reloads?.begin(reloader) }
        try? await cancelWhenGracefulShutdown {
            try await summary.tellEveryMinute()
        }
        watch?.cancel()
        advising.cancel()
        reporting.cancel()
        telling?.cancel()
        reloads?.end()
        await reloader?.stop()
        notify?.stopping()
        let stopping = report.map { report in Task { try? await report.stop(workers) } }
        defer { stopping?.cancel() }
        monitor.stops()
        var inFlight = 0
        for worker in workers { inFlight += await worker.unfinished }
        logger.info(
            "stopping: finishing what is in flight", metadata: [LogKeys.count: .stringConvertible(inFlight)])
        let unfinished = await withTaskGroup(of: Int.self) { group in
            for worker in workers { group.addTask { await worker.drain() } }
            return await group.reduce(0, +)
        }
        await withTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { _ = await worker.handOver() } }
        }
        await withTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { await worker.exportSpans() } }
        }
        await reporter.leave()
        for line in await summary.figures() { line.tell(logger) }
        for worker in workers {
            await worker.disconnect()
            await worker.loop.stop()
        }
        logger.info("footbridge stopped", metadata: unfinished > 0 ? [LogKeys.pending: "\(unfinished)"] : [:])
    }
}
