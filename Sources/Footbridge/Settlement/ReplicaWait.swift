internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import Logging

/// Waits until replicas have what was settled (`redis.wait_for_ack`), for all routes of a worker, batch by batch.
///
/// WAIT blocks the connection that sends it, and is about what this connection has written: settlements go over one of
/// their own. Nothing is sent on it while WAIT is under way; what comes meanwhile is the next batch, and can still be sent
/// otherwise should the bridge stop. <https://redis.io/docs/latest/commands/wait/>
final class ReplicaWait: TurnParticipant {
    /// Told whether enough replicas have it; otherwise it has to be sent again.
    typealias Completion = (Bool) -> Void

    private enum State {
        case ready
        case asking
        /// The server does not take WAIT; it is asked again after a while.
        case refused
    }

    var isAwaitingEndOfTurn = false
    /// Called when more can be sent.
    var onReady: () -> Void = {}
    /// WAITs that too few replicas answered.
    private(set) var shortages = 0
    /// Nobody waits any more: what the master has counts as settled.
    private(set) var isOver = false

    private let loop: CurlLoop
    private let link: RedisLink
    private let config: WaitForAck
    private let health: RedisHealth
    private let logger: Logger
    private var state = State.ready
    /// What the master has, and the replicas maybe not.
    private var waiting: [Completion] = []
    /// Why nothing is confirmed, as it was told.
    private var trouble: String?

    init(loop: CurlLoop, link: RedisLink, config: WaitForAck, health: RedisHealth, logger: Logger) {
        self.loop = loop
        self.link = link
        self.config = config
        self.health = health
        self.logger = logger
    }

    func start() {
        link.onUp = { [unowned self] connection in
            health.didConnect(link, connection)
            onReady()
        }
        link.onDown = { [unowned self] error in
            health.didLose(link, error)
            // The next connection may lead to a master that knows nothing of it, and WAIT is only about its own.
            finish(false)
        }
        link.start()
    }

    /// Where settlements are sent; `nil` while nothing can be.
    var connection: RedisConnection? { state == .asking ? nil : link.connection }

    /// To be called when the master has confirmed what was sent on `connection`.
    func whenReplicated(_ completion: @escaping Completion) {
        guard !isOver else { return completion(true) }
        waiting.append(completion)
        loop.atEndOfTurn(self)
    }

    func endTurn() {
        guard state == .ready, !waiting.isEmpty, let connection = link.connection else { return }
        state = .asking
        let (write, wait) = config.commands
        var refusal: RedisError?
        connection.send(write) { reply in
            if case .failure(let error) = reply { refusal = error }
        }
        connection.send(wait, deadline: config.timeout + .seconds(5)) { [weak self] reply in
            self?.answered(refusal.map { .failure($0) } ?? reply)
        }
    }

    /// Waits no more. What the master has counts as settled; of what it has not answered, the senders hear that the
    /// connection is gone.
    func stop() {
        guard !isOver else { return }
        isOver = true
        if !waiting.isEmpty { logger.warning("stopping, though too few replicas have confirmed what was settled") }
        finish(true)
        link.stop()
    }

    private func answered(_ result: Result<RESPValue, RedisError>) {
        state = .ready
        guard !isOver else { return }
        switch result {
        case .success(let reply):
            let reached = reply.integer ?? 0
            if reached >= config.replicas {
                tellConfirmed()
                finish(true)
            } else {
                shortages += 1
                tell(
                    "too few", "too few replicas confirm what is settled; routes stop reading when they are full",
                    [LogKeys.count: .stringConvertible(reached), LogKeys.needed: "\(config.replicas)"])
                loop.atEndOfTurn(self)
            }
            onReady()
        case .failure(let error) where error.endsConnection: break
        case .failure(let error):
            state = .refused
            tell("\(error)", "Redis does not wait for replicas", [LogKeys.error: "\(error)"])
            loop.schedule(after: .seconds(1)) { [weak self] in
                guard let self, state == .refused else { return }
                state = .ready
                endTurn()
            }
            onReady()
        }
    }

    private func finish(_ isReplicated: Bool) {
        let finished = waiting
        waiting = []
        for completion in finished { completion(isReplicated) }
    }

    private func tell(_ trouble: String, _ message: Logger.Message, _ metadata: Logger.Metadata) {
        guard self.trouble != trouble else { return }
        self.trouble = trouble
        logger.error(message, metadata: metadata)
    }

    private func tellConfirmed() {
        guard trouble != nil else { return }
        trouble = nil
        logger.notice("replicas confirm again what is settled")
    }
}
