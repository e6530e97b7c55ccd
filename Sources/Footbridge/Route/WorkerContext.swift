internal import FootbridgeCurl
internal import FootbridgeRedis
internal import FootbridgeWebhooks
internal import Logging

/// What the routes of one worker share. Belongs to the worker's loop.
final class WorkerContext {
    let loop: CurlLoop
    /// The name of this worker in every group.
    let consumer: String
    /// Made up once: tells this process from another one with the same name.
    let token = String(UInt64.random(in: .min ... .max), radix: 36)
    /// What message ids are told apart by, beside the stream's key.
    let namespace: String?
    let log: LogConfig
    /// Of which entries the attempts are logged for all to see; `nil`: of none.
    let loggedShare: Share?
    /// `nil` if nothing is traced.
    let exporter: SpanExporter?
    private var rates: RateBook
    let target: RedisTarget
    /// Pipelined commands of all routes; blocking reads have connections of their own.
    let commands: RedisLink
    /// Hears what is published. A connection of its own: Redis closes one that listens when 32 MiB of replies wait for it
    /// (`client-output-buffer-limit pubsub`), and others have no such limit.
    let announcements: RedisLink
    /// With `wait_for_ack`: settlements go over its connection.
    private(set) var replicas: ReplicaWait?
    /// Attempts of all routes that have ended.
    var attemptCount: UInt64 = 0
    /// When the connection for commands came up last.
    var connectedAt = MonotonicTime.now
    /// When it was lost, or could not be made; `nil` while it stands.
    var lostAt: MonotonicTime?
    /// Those that wait for it.
    private var onConnected: [() -> Void] = []
    let health: RedisHealth
    private(set) lazy var pulse = Pulse(self)
    /// With Sentinels: who knows where the master is, and who hears of another one.
    private let directory: SentinelDirectory?
    private let watch: SentinelWatch?
    /// All links, to be made anew when another server becomes the master.
    private var links: [RedisLink] = []

    private let logger: Logger
    private var endpoints: [EndpointIdentity: Endpoint] = [:]
    /// Other servers that routes deliver to.
    private var others: [OtherRedis] = []
    private var routes: [Route] = []
    private var supply = Supply()
    /// By then commands are answered, or their connection has failed.
    var longestAnswer = Duration.seconds(30)
    private(set) lazy var tokens = TokenCalls(self, logger: logger)
    private var master: SocketTarget.Address?

    init(
        loop: CurlLoop, consumer: String, target: RedisTarget, waitForAck: WaitForAck?, namespace: String? = nil,
        rates: RateBook = RateBook(), log: LogConfig = LogConfig(), exporter: SpanExporter? = nil, logger: Logger
    ) {
        self.loop = loop
        self.log = log
        loggedShare = log.deliveries == .none ? nil : log.deliveries
        self.exporter = exporter
        self.logger = logger
        self.namespace = namespace
        self.rates = rates
        self.consumer = consumer
        self.target = target
        let directory = target.sentinel.map { SentinelDirectory(loop: loop, target: $0) }
        self.directory = directory
        watch = target.sentinel.flatMap { sentinel in
            directory.map { SentinelWatch(loop: loop, directory: $0, target: sentinel) }
        }
        commands = RedisLink(loop: loop, target: target, directory: directory)
        health = RedisHealth(
            logger: logger, address: target.sentinel.map { "master \($0.master)" } ?? target.socket.description)
        // Whoever does not listen counts as gone: the next process of its name would take what this one has.
        announcements = RedisLink(loop: loop, target: target, directory: directory, longestDelay: .seconds(1))
        links = [commands, announcements]
        guard let waitForAck else { return }
        replicas = ReplicaWait(loop: loop, link: makeLink(), config: waitForAck, health: health, logger: logger)
    }

    /// A further link to the same server.
    func makeLink() -> RedisLink {
        let link = RedisLink(loop: loop, target: target, directory: directory)
        links.append(link)
        return link
    }

    /// Where entries are acknowledged and buried; `nil` while that cannot be.
    var settling: RedisConnection? {
        guard let replicas, !replicas.isOver else { return commands.connection }
        return replicas.connection
    }

    /// To be called when what was sent on `settling` is confirmed: calls back with `true` when it is to count as settled,
    /// with `false` if it has to be sent again.
    func whenReplicated(_ completion: @escaping ReplicaWait.Completion) {
        guard let replicas else { return completion(true) }
        replicas.whenReplicated(completion)
    }

    /// Calls back when the connection for commands stands; without it when `patience` is over.
    func whenConnected(within patience: Duration, _ completion: @escaping () -> Void) {
        guard commands.connection?.isOpen != true, patience > .zero else { return completion() }
        var isTold = false
        func tell() {
            guard !isTold else { return }
            isTold = true
            completion()
        }
        onConnected.append(tell)
        loop.schedule(after: patience) { tell() }
    }

    /// To be called when the connection for commands stands, and everybody has sent what had to go first.
    func didConnect() {
        lostAt = nil
        let waiting = onConnected
        onConnected = []
        for tell in waiting { tell() }
    }

    func start(_ routes: [Route]) {
        self.routes = routes
        commands.start()
        announcements.start()
        replicas?.start()
        for other in others { other.start() }
        watch?.onSwitch = { [unowned self] address in
            // Told at every poll: a link may have asked a Sentinel that is cut off.
            if let master, master != address {
                logger.notice("another server is the master now", metadata: [LogKeys.address: "\(address)"])
            }
            master = address
            for link in links { link.follow(address) }
        }
        watch?.start()
    }

    // MARK: - Endpoints

    /// Routes with the same one share what is known of it.
    func endpoint(of route: RouteConfig) -> Endpoint {
        let identity = route.destination.endpointIdentity
        let endpoint = endpoints[identity] ?? Endpoint(name: route.destination.endpointName, rate: rates[identity])
        endpoints[identity] = endpoint
        adapt(endpoint, to: route)
        return endpoint
    }

    /// One of many of a route; it is nobody else's.
    func endpoint(named name: String, of route: RouteConfig) -> Endpoint {
        let endpoint = Endpoint(
            name: name, rate: route.rate.map { SharedRate($0, key: route.rateKey(ofEndpoint: name)) })
        adapt(endpoint, to: route)
        return endpoint
    }

    private func adapt(_ endpoint: Endpoint, to route: RouteConfig) {
        if let maximum = route.concurrency.adaptiveMaximum { endpoint.adapt(upTo: maximum) }
    }

    /// Another server; routes with the same one share its connection, which `start` or `follow` makes.
    ///
    /// - Returns: `nil` for an embedded server, which is nobody else's.
    func otherRedis(_ source: RedisSource) -> OtherRedis? {
        if let known = others.first(where: { $0.source == source }) { return known }
        guard let target = source.target(clientName: target.handshake.clientName ?? "footbridge") else { return nil }
        let other = OtherRedis(source, target: target, loop: loop, logger: logger)
        others.append(other)
        return other
    }

    /// - Parameter moment: when the request was made that was accepted.
    func didRecover(_ endpoint: Endpoint, at moment: MonotonicTime) {
        for route in routes where route.endpoint === endpoint { route.didRecover(at: moment) }
    }

    /// Its pace has changed.
    func wake(_ endpoint: Endpoint) {
        for route in routes where route.endpoint === endpoint { loop.atEndOfTurn(route) }
    }

    /// The groups that routes of this configuration read a stream as.
    func groups(reading stream: String) -> [String] {
        routes.filter { $0.config.streams.contains(stream) }.map(\.config.group)
    }

    // MARK: - Other routes

    /// What routes share follows those that there are now.
    ///
    /// - Parameters:
    ///   - current: as the configuration has them.
    ///   - leaving: those that still finish what they have begun.
    func follow(_ current: [Route], leaving: [Route], rates: RateBook) {
        routes = current + leaving
        self.rates = rates
        endpoints = endpoints.filter { _, endpoint in routes.contains { $0.endpoint === endpoint } }
        for (identity, endpoint) in endpoints {
            let sharing = current.filter { $0.endpoint === endpoint }
            guard !sharing.isEmpty else { continue }
            endpoint.rate = rates[identity]
            endpoint.setMaximum(sharing.compactMap { $0.config.concurrency.adaptiveMaximum }.min())
        }
        let sources = routes.compactMap { $0.config.destination.redis }
        for other in others where !sources.contains(other.source) { other.stop() }
        others.removeAll { !sources.contains($0.source) }
        for other in others { other.start() }
    }

    /// It is not wanted any more.
    func drop(_ link: RedisLink) {
        link.stop()
        links.removeAll { $0 === link }
        health.forget(link)
    }

    // MARK: - Our own lack

    /// How many requests may start now, as far as this process has what they need.
    func slots(now: MonotonicTime) -> Int { supply.slots(inFlight: routes.reduce(0) { $0 + $1.inFlight }, now: now) }

    /// A descriptor, a port, memory or a thread was not to be had: nobody else is to blame. All routes wait a little.
    func lack(_ outcome: Outcome, at route: Route) {
        defer { wake(route) }
        let isNews = supply.lack(inFlight: routes.reduce(0) { $0 + $1.inFlight }, now: loop.now)
        guard isNews else { return }
        logger.error(
            "this process has run out of what a request needs; fewer are made at a time",
            metadata: [LogKeys.reason: "\(outcome)"])
    }

    /// In the next turn, for this one has come to its end already.
    private func wake(_ route: Route) {
        loop.schedule(after: .zero) { [weak route, loop] in
            if let route { loop.atEndOfTurn(route) }
        }
    }

    var pausedUntil: MonotonicTime? { supply.pausedUntil }

    func stop() {
        watch?.stop()
        pulse.stop()
        commands.stop()
        announcements.stop()
        replicas?.stop()
        for other in others { other.stop() }
    }
}
