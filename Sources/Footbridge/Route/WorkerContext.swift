internal import Curl
internal import Logging
internal import Redis

/// What the routes of one worker share. Belongs to the worker's loop.
final class WorkerContext {
    let loop: CurlLoop
    /// The name of this worker in every group.
    let consumer: String
    let target: RedisTarget
    /// Pipelined commands of all routes; blocking reads have connections of their own.
    let commands: RedisLink
    /// Hears what is published. A connection of its own: Redis closes one that listens when 32 MiB of replies wait for it
    /// (`client-output-buffer-limit pubsub`), and others have no such limit.
    let announcements: RedisLink
    /// With `wait_for_ack`: settlements go over its connection.
    private(set) var replicas: ReplicaWait?
    /// When the connection for commands came up last.
    var connectedAt = MonotonicTime.now
    /// When it was lost, or could not be made; `nil` while it stands.
    var lostAt: MonotonicTime?
    /// Those that wait for it.
    private var onConnected: [() -> Void] = []
    let health: RedisHealth
    /// With Sentinels: who knows where the master is, and who hears of another one.
    private let directory: SentinelDirectory?
    private let watch: SentinelWatch?
    /// All links, to be made anew when another server becomes the master.
    private var links: [RedisLink] = []

    init(loop: CurlLoop, consumer: String, target: RedisTarget, waitForAck: WaitForAck?, logger: Logger) {
        self.loop = loop
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
        announcements = RedisLink(loop: loop, target: target, directory: directory)
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
    func isConnected() {
        lostAt = nil
        let waiting = onConnected
        onConnected = []
        for tell in waiting { tell() }
    }

    func start(logger: Logger) {
        commands.start()
        announcements.start()
        replicas?.start()
        watch?.onSwitch = { [unowned self] address in
            logger.notice("another server is the master now", metadata: [LogKeys.address: "\(address)"])
            for link in links where link.address != address { link.reconnect() }
        }
        watch?.start()
    }

    func stop() {
        watch?.stop()
        commands.stop()
        announcements.stop()
        replicas?.stop()
    }
}

/// Tells people when Redis goes away and when it is back: once each, however many connections there are.
final class RedisHealth {
    private let logger: Logger
    private let address: String
    private var down: Set<ObjectIdentifier> = []
    /// Why the server lets nobody in, as far as people were told since it went away.
    private var refusals: Set<String> = []
    private var everUp = false
    /// Connections that stand again.
    private(set) var reconnects = 0

    init(logger: Logger, address: String) {
        self.logger = logger
        self.address = address
    }

    func isDown(_ link: RedisLink, _ error: RedisError) {
        let isFirst = down.isEmpty
        down.insert(ObjectIdentifier(link))
        if isFirst { refusals = [] }
        // It went away without a word, and the reason comes when it is asked again.
        let isNews = error.isRefusal && refusals.insert("\(error)").inserted
        guard isFirst || isNews else { return }
        logger.error(
            isFirst ? "Redis is unreachable" : "Redis refuses connections",
            metadata: [LogKeys.address: "\(address)", LogKeys.error: "\(error)"])
    }

    func isUp(_ link: RedisLink) {
        let wasDown = down.remove(ObjectIdentifier(link)) != nil
        if wasDown { reconnects += 1 }
        guard down.isEmpty, wasDown || !everUp else { return }
        everUp = true
        logger.info("connected to Redis", metadata: [LogKeys.address: "\(address)"])
    }
}

extension RedisError {
    /// The server is there and lets nobody in: for someone to mend.
    fileprivate var isRefusal: Bool {
        switch self {
        case .server, .notMaster: true
        default: false
        }
    }
}
