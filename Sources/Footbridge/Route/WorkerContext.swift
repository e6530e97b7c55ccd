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
    /// When the connection for commands came up last.
    var connectedAt = MonotonicTime.now
    let health: RedisHealth
    /// With Sentinels: who knows where the master is, and who hears of another one.
    private let directory: SentinelDirectory?
    private let watch: SentinelWatch?
    /// All links, to be made anew when another server becomes the master.
    private var links: [RedisLink] = []

    init(loop: CurlLoop, consumer: String, target: RedisTarget, logger: Logger) {
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
    }

    /// A further link to the same server.
    func makeLink() -> RedisLink {
        let link = RedisLink(loop: loop, target: target, directory: directory)
        links.append(link)
        return link
    }

    func start(logger: Logger) {
        commands.start()
        announcements.start()
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
