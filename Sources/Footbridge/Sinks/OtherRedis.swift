internal import FootbridgeCurl
internal import FootbridgeRedis
internal import Logging

/// Another Redis than the bridge's, that routes of one worker deliver to: one connection, made again for ever.
final class OtherRedis {
    enum State {
        /// Being connected for the first time, or again after a loss: it shows in a moment whether it is there.
        case pending
        case up(RedisConnection)
        /// Why it cannot be reached.
        case away(RedisError)
    }

    let source: RedisSource
    private(set) var state = State.pending
    /// Called when it is there again, and when it turns out not to be.
    private var observers: [Observer] = []
    private var isStarted = false

    private struct Observer {
        weak var owner: AnyObject?
        let tell: (State) -> Void
    }

    private let link: RedisLink
    private let watch: SentinelWatch?
    private let health: RedisHealth

    init(_ source: RedisSource, target: RedisTarget, loop: CurlLoop, logger: Logger) {
        self.source = source
        let directory = target.sentinel.map { SentinelDirectory(loop: loop, target: $0) }
        link = RedisLink(loop: loop, target: target, directory: directory)
        watch = target.sentinel.flatMap { sentinel in
            directory.map { SentinelWatch(loop: loop, directory: $0, target: sentinel) }
        }
        health = RedisHealth(logger: logger, address: source.shortName)
    }

    /// - Parameter owner: as long as it lives it is told.
    func observe(for owner: AnyObject, _ observer: @escaping (State) -> Void) {
        observers.removeAll { $0.owner == nil }
        observers.append(Observer(owner: owner, tell: observer))
    }

    /// Does nothing if it was started before.
    func start() {
        guard !isStarted else { return }
        isStarted = true
        link.onUp = { [unowned self] connection in
            health.didConnect(link, connection)
            change(.up(connection))
        }
        link.onDown = { [unowned self] error in
            health.didLose(link, error)
            // After a loss one attempt to connect decides. Meanwhile nothing is started, so that nothing fails.
            if case .up = state { state = .pending } else { change(.away(error)) }
        }
        link.start()
        watch?.onSwitch = { [unowned self] address in link.follow(address) }
        watch?.start()
    }

    func stop() {
        watch?.stop()
        link.stop()
    }

    private func change(_ state: State) {
        let last = self.state
        self.state = state
        // Another attempt that failed is no news.
        if case .away = last, case .away = state { return }
        for observer in observers where observer.owner != nil { observer.tell(state) }
    }
}
