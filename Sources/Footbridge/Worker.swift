internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import Logging
internal import RedisStreams

/// One thread that runs all routes: a loop, a connection for commands, and per stream a connection that reads.
///
/// The actor's executor is the loop, so its methods run between the callbacks that every entry takes.
actor Worker {
    nonisolated let loop: CurlLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let context: WorkerContext
    /// In the order of the configuration. A route may be there that begins only when another has left.
    private(set) var routes: [Route]
    private var departures: [Departure] = []
    /// Routes that have not begun, and those that have to be gone before.
    private var waiting: [(route: Route, predecessors: [Route])] = []
    /// Made, and not yet part of it.
    private var prepared: [Route] = []
    private var onSettled: [() -> Void] = []
    private var isStopping = false
    /// Channels that the connection for announcements listens to.
    private var channels: Set<String> = []
    private var rates: RateBook
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
        self.rates = rates
        routes = try config.routes.map { route in
            try Route(route, worker: context, sample: config.tracing?.sample, logger: logger.naming(route))
        }
        let kept = Self.keptConnections(config)
        loop.post { loop.keptConnections = kept }
    }

    private static func keptConnections(_ config: BridgeConfig) -> Int {
        let requests = config.routes.reduce(0) { $0 + ($1.webhook == nil ? 0 : $1.concurrency.maximum) }
        return max(16, requests) + DescriptorLimit.spare(for: config)
    }

    /// Those that the configuration has, and those that leave.
    private var living: [Route] { routes + departures.map(\.route) }

    func start() {
        let context = context
        context.commands.onUp = { [self] connection in
            context.health.didConnect(context.commands, connection)
            context.connectedAt = context.loop.now
            for route in living { route.didConnectCommands() }
            context.didConnect()
        }
        context.commands.onDown = {
            context.health.didLose(context.commands, $0)
            context.lostAt = context.lostAt ?? context.loop.now
        }
        context.replicas?.onReady = { [self] in
            for route in living {
                route.settler.flush()
                context.loop.atEndOfTurn(route)
            }
        }
        context.announcements.onUp = { [self] connection in
            // In RESP2 the messages come as replies, which nobody expects. Without them a round finds what was released.
            guard connection.speaksRESP3 else { return }
            connection.onPush = { [self] push in
                guard push.count == 3, push[0].text == "message", let channel = push[1].text else { return }
                for session in routes.flatMap(\.sessions) where session.channel == channel {
                    session.heard(push[2].text)
                }
            }
            channels = []
            listen(on: connection)
        }
        context.start(routes)
        context.pulse.start()
        for route in routes { route.begin() }
    }

    /// Asks for what is published for the streams of all routes. Nothing is unsubscribed: what nobody waits for is no harm.
    private func listen(on connection: RedisConnection) {
        // Whoever finds this worker's name in a group asks whether somebody listens here.
        let wanted = [OwnerMark.channel(token: context.token)] + routes.flatMap(\.sessions).map(\.channel)
        let fresh = Set(wanted).subtracting(channels)
        guard !fresh.isEmpty else { return }
        channels.formUnion(fresh)
        connection.send(RESPCommand("SUBSCRIBE", arguments: fresh.sorted())) { _ in }
    }

    // MARK: - Other routes while it runs

    /// Makes the routes that a plan has begin, without beginning any: nothing has changed if this throws.
    ///
    /// - Parameter programs: by the route's name, made elsewhere.
    /// - Throws: if libcurl or OpenSSL refuse what a route asks for.
    func prepare(_ plan: ReloadPlan, _ config: BridgeConfig, _ programs: [String: RoutePrograms]) throws {
        prepared = []
        do {
            for route in config.routes where plan.begins(route.name) {
                let predecessor = routes.first { $0.config.name == route.name }
                let made = try Route(
                    route, worker: context, sample: config.tracing?.sample, logger: logger.naming(route),
                    counters: predecessor?.counters ?? RouteCounters(), programs: programs[route.name])
                made.predecessor = predecessor
                prepared.append(made)
            }
        } catch {
            discardPrepared()
            throw error
        }
    }

    /// They are not to begin: another worker could not make them.
    func discardPrepared() {
        prepared = []
        context.follow(routes, leaving: departures.map(\.route), rates: rates)
    }

    /// Has the routes of a plan leave and begin. Those that it keeps are not touched. To be called when the one before is settled.
    func commit(_ plan: ReloadPlan, _ config: BridgeConfig, rates: RateBook) {
        // All of its routes drain already.
        guard !isStopping else { return discardPrepared() }
        let before = Dictionary(uniqueKeysWithValues: routes.map { ($0.config.name, $0) })
        let begin = Dictionary(uniqueKeysWithValues: prepared.map { ($0.config.name, $0) })
        prepared = []
        let leaving = routes.filter { plan.leaves($0.config.name) }
        routes = config.routes.compactMap { begin[$0.name] ?? before[$0.name] }
        self.rates = rates
        loop.keptConnections = Self.keptConnections(config)
        for route in routes where begin[route.config.name] != nil {
            let predecessors = plan.predecessors[route.config.name, default: []].compactMap { before[$0] }
            waiting.append((route, predecessors))
        }
        for route in leaving {
            departures.append(Departure(route, logger: route.logger) { [self, unowned route] in didLeave(route) })
        }
        context.follow(routes, leaving: departures.map(\.route), rates: rates)
        if let connection = context.announcements.connection, connection.speaksRESP3 { listen(on: connection) }
        for departure in departures { departure.begin() }
        beginWaiting()
    }

    /// Returns when all that left is gone and all that is new has begun.
    func settled() async {
        guard !departures.isEmpty else { return }
        await withCheckedContinuation { continuation in onSettled.append { continuation.resume() } }
    }

    private func didLeave(_ route: Route) {
        departures.removeAll { $0.route === route }
        for index in waiting.indices { waiting[index].predecessors.removeAll { $0 === route } }
        context.follow(routes, leaving: departures.map(\.route), rates: rates)
        beginWaiting()
        guard departures.isEmpty else { return }
        let told = onSettled
        onSettled = []
        for tell in told { tell() }
    }

    private func beginWaiting() {
        guard !isStopping else { return }
        let ready = waiting.filter(\.predecessors.isEmpty)
        waiting.removeAll(where: \.predecessors.isEmpty)
        for (route, _) in ready { route.begin() }
    }

    // MARK: - Stopping

    /// Finishes what is in flight, all routes at once, each within its `drain_timeout`. Nothing is read any more.
    ///
    /// - Returns: how many entries were not finished; they stay pending.
    func drain() async -> Int {
        isStopping = true
        // These have not begun, and have nothing.
        routes.removeAll { route in waiting.contains { $0.route === route } }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            if routes.isEmpty { return continuation.resume() }
            var draining = Set(routes.indices)
            func finish(_ index: Int) {
                if draining.remove(index) != nil && draining.isEmpty { continuation.resume() }
            }
            for (index, route) in routes.enumerated() {
                route.drain { finish(index) }
                loop.schedule(after: route.config.drainTimeout) { finish(index) }
            }
        }
        // Those that leave have drained meanwhile.
        await settled()
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
    func replaceSecrets(_ webhook: WebhookConfig, ofRoute name: String) throws {
        try routes.first { $0.config.name == name }?.replaceSecrets(webhook)
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

extension Logger {
    fileprivate func naming(_ route: RouteConfig) -> Logger {
        var logger = self
        logger[metadataKey: LogKeys.route] = "\(route.name)"
        return logger
    }
}
