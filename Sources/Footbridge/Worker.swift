internal import Curl
internal import Logging
internal import RESP
internal import Redis

/// One thread that runs all routes: a loop, a connection for commands, and per stream a connection that reads.
///
/// The actor's executor is the loop, so its methods run between the callbacks that every entry takes.
actor Worker {
    nonisolated let loop: CurlLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let context: WorkerContext
    let routes: [Route]
    private let logger: Logger

    /// - Throws: if the system gives no thread or descriptors, or libcurl or OpenSSL refuse what a route asks for.
    init(number: Int, config: BridgeConfig, target: RedisTarget, rates: RateBook, logger: Logger) throws {
        let loop = try CurlLoop(name: "worker-\(number)")
        self.loop = loop
        var logger = logger
        if config.workers > 1 { logger[metadataKey: LogKeys.worker] = "\(number)" }
        let consumer = "\(config.instance).\(number)"
        let exporter = try config.tracing.map {
            try SpanExporter($0, instance: consumer, loop: loop, logger: logger)
        }
        let context = WorkerContext(
            loop: loop, consumer: consumer, target: target, waitForAck: config.waitForAck,
            namespace: config.namespace, rates: rates, log: config.log, exporter: exporter, logger: logger)
        self.context = context
        self.logger = logger
        routes = try config.routes.map { route in
            var logger = logger
            logger[metadataKey: LogKeys.route] = "\(route.name)"
            return try Route(route, worker: context, sample: config.tracing?.sample, logger: logger)
        }
        let requests = config.routes.reduce(0) { $0 + ($1.webhook == nil ? 0 : $1.concurrency.maximum) }
        let kept = max(16, requests) + DescriptorLimit.spare(for: config)
        loop.post { loop.keptConnections = kept }
    }

    func start() {
        let (context, routes) = (context, routes)
        context.commands.onUp = { connection in
            context.health.didConnect(context.commands, connection)
            context.connectedAt = context.loop.now
            for route in routes { route.didConnectCommands() }
            context.didConnect()
        }
        context.commands.onDown = {
            context.health.didLose(context.commands, $0)
            context.lostAt = context.lostAt ?? context.loop.now
        }
        context.replicas?.onReady = {
            for route in routes {
                route.settler.flush()
                context.loop.atEndOfTurn(route)
            }
        }
        context.announcements.onUp = { connection in
            // In RESP2 the messages come as replies, which nobody expects. Without them a round finds what was released.
            guard connection.speaksRESP3 else { return }
            let sessions = Dictionary(grouping: routes.flatMap(\.sessions), by: \.channel)
            connection.onPush = { push in
                guard push.count == 3, push[0].text == "message", let channel = push[1].text else { return }
                for session in sessions[channel, default: []] { session.heard(push[2].text) }
            }
            // Whoever finds this worker's name in a group asks whether somebody listens here.
            let channels = [OwnerMark.channel(token: context.token)] + sessions.keys
            connection.send(RESPCommand("SUBSCRIBE", arguments: channels)) { _ in }
        }
        context.start(routes)
        for route in routes { route.begin() }
    }

    /// Finishes what is in flight, all routes at once, each within its `drain_timeout`. Nothing is read any more.
    ///
    /// - Returns: how many entries were not finished; they stay pending.
    func drain() async -> Int {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var draining = Set(routes.indices)
            func finish(_ index: Int) {
                if draining.remove(index) != nil && draining.isEmpty { continuation.resume() }
            }
            for (index, route) in routes.enumerated() {
                route.drain { finish(index) }
                loop.schedule(after: route.config.drainTimeout) { finish(index) }
            }
        }
        context.replicas?.stop()
        // What waited for its turn still goes to the master, before anything is handed over.
        for route in routes { route.settler.flush() }
        return unfinished
    }

    /// Entries that are under way, or whose end Redis has not confirmed.
    var unfinished: Int { routes.reduce(0) { $0 + $1.unfinished } }

    /// Leaves what is not settled to other instances, or to the next start; gives up after `patience`.
    ///
    /// - Returns: how many entries stay under this worker's name.
    func handOver(within patience: Duration = .seconds(10)) async -> Int {
        await withCheckedContinuation { (continuation: CheckedContinuation<Int, Never>) in
            var (waiting, left, isOver) = (routes.count, 0, routes.isEmpty)
            if isOver { return continuation.resume(returning: 0) }
            for route in routes {
                route.handOver { count in
                    waiting -= 1
                    left += count
                    guard waiting == 0, !isOver else { return }
                    isOver = true
                    continuation.resume(returning: left)
                }
            }
            loop.schedule(after: patience) { [routes, logger] in
                guard !isOver else { return }
                isOver = true
                let left = routes.reduce(0) { $0 + $1.table.count }
                logger.warning(
                    "the hand-over takes too long; others have the rest after claim_after",
                    metadata: [LogKeys.pending: .stringConvertible(left)])
                continuation.resume(returning: left)
            }
        }
    }

    /// Other secrets for a route's requests, from the next one on.
    func replaceSecrets(_ webhook: WebhookConfig, ofRoute index: Int) throws {
        try routes[index].replaceSecrets(webhook)
    }

    /// Sends the spans that are left, for `patience` at most.
    func exportSpans(within patience: Duration = .seconds(2)) async {
        guard let exporter = context.exporter else { return }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            exporter.end(within: patience) { continuation.resume() }
        }
    }

    /// Drops what is still in flight and closes all connections.
    func disconnect() {
        for route in routes { route.stop() }
        context.stop()
    }
}
