internal import FootbridgeRedis
internal import Logging

/// Tells people when Redis goes away and when it is back: once each, however many connections there are.
final class RedisHealth {
    private let logger: Logger
    private let address: String
    private var down: Set<ObjectIdentifier> = []
    /// Why the server lets nobody in, as far as people were told since it went away.
    private var refusals: Set<String> = []
    private var everUp = false
    private var isRoleTold = false
    /// Connections that stand again.
    private(set) var reconnects = 0

    init(logger: Logger, address: String) {
        self.logger = logger
        self.address = address
    }

    func didLose(_ link: RedisLink, _ error: RedisError) {
        // We have hung up ourselves, for another server is the master.
        if case .closed = error { return }
        let isFirst = down.isEmpty
        down.insert(ObjectIdentifier(link))
        if isFirst { refusals = [] }
        // It went away without a word, and the reason comes when it is asked again.
        let isNews = error.isRefusal && refusals.insert(error.kindOfRefusal).inserted
        guard isFirst || isNews else { return }
        logger.error(
            error.isRefusal ? "Redis cannot be used" : "Redis is unreachable",
            metadata: [LogKeys.address: "\(address)", LogKeys.error: "\(error)"])
    }

    /// It is not wanted any more.
    func forget(_ link: RedisLink) { down.remove(ObjectIdentifier(link)) }

    func didConnect(_ link: RedisLink, _ connection: RedisConnection) {
        if let answer = connection.unknownRole, !isRoleTold {
            isRoleTold = true
            logger.warning(
                "Redis does not tell whether it is a master: on a replica nothing could be acknowledged",
                metadata: [LogKeys.address: "\(address)", LogKeys.error: "\(answer)"])
        }
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
        case .server, .refused, .notMaster, .clusterNode: true
        default: false
        }
    }

    /// A server that becomes a replica says so in several ways.
    fileprivate var kindOfRefusal: String {
        if case .notMaster = self { return "not a master" }
        return description
    }
}
