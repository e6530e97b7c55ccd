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
    let health: RedisHealth

    init(loop: CurlLoop, consumer: String, target: RedisTarget, logger: Logger) {
        self.loop = loop
        self.consumer = consumer
        self.target = target
        commands = RedisLink(loop: loop, target: target)
        health = RedisHealth(logger: logger, address: target.socket.description)
    }
}

/// Tells people when Redis goes away and when it is back: once each, however many connections there are.
final class RedisHealth {
    private let logger: Logger
    private let address: String
    private var down: Set<ObjectIdentifier> = []
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
        guard isFirst else { return }
        logger.error("Redis is unreachable", metadata: [LogKeys.address: "\(address)", LogKeys.error: "\(error)"])
    }

    func isUp(_ link: RedisLink) {
        let wasDown = down.remove(ObjectIdentifier(link)) != nil
        if wasDown { reconnects += 1 }
        guard down.isEmpty, wasDown || !everUp else { return }
        everUp = true
        logger.info("connected to Redis", metadata: [LogKeys.address: "\(address)"])
    }
}
