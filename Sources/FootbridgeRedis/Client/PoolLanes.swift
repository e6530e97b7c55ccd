internal import FootbridgeCurl
internal import FootbridgeRESP

/// The connections of a `RedisPool`: one that all callers share, and one more for each command that blocks.
///
/// Belongs to the thread of its loop; `Sendable` only so that it can be carried there.
final class PoolLanes: @unchecked Sendable {
    private let loop: CurlLoop
    private let target: RedisTarget
    private let directory: SentinelDirectory?
    private let watch: SentinelWatch?
    let shared: CommandLane
    /// Connections for commands that block: those that do nothing now, and all.
    private var idle: [CommandLane] = []
    private var blocking: [ObjectIdentifier: CommandLane] = [:]
    private var isClosed = false
    private var onStarted: ((Result<Void, RedisError>) -> Void)?

    /// Somebody waits for each reply: a server that is back has to be found soon.
    static let longestDelay = Duration.seconds(1)
    /// How many connections are kept for the next commands that block.
    static let keptIdle = 4

    init(loop: CurlLoop, target: RedisTarget) {
        self.loop = loop
        self.target = target
        let directory = target.sentinel.map { SentinelDirectory(loop: loop, target: $0) }
        self.directory = directory
        watch = target.sentinel.flatMap { sentinel in
            directory.map { SentinelWatch(loop: loop, directory: $0, target: sentinel) }
        }
        shared = Self.lane(loop, target, directory)
    }

    private static func lane(_ loop: CurlLoop, _ target: RedisTarget, _ directory: SentinelDirectory?) -> CommandLane {
        CommandLane(
            loop: loop,
            link: RedisLink(loop: loop, target: target, directory: directory, longestDelay: longestDelay))
    }

    /// Connects; tells once whether the first attempt succeeded.
    func start(_ completion: @escaping (Result<Void, RedisError>) -> Void) {
        guard !isClosed else { return completion(.failure(.closed)) }
        onStarted = completion
        shared.onUp = { [unowned self] in started(.success(())) }
        shared.onDown = { [unowned self] in started(.failure($0)) }
        shared.start()
        watch?.onSwitch = { [unowned self] address in
            for lane in [shared] + blocking.values { lane.follow(address) }
        }
        watch?.start()
    }

    private func started(_ result: Result<Void, RedisError>) {
        let onStarted = onStarted
        self.onStarted = nil
        onStarted?(result)
    }

    /// Sends a command that blocks on a connection of its own, which is used again afterwards.
    func block(_ call: RedisCall) {
        guard !isClosed else { return call.fail(.closed) }
        let lane = idle.popLast() ?? makeBlocking()
        call.onSettled = { [unowned self, unowned lane] in giveBack(lane) }
        lane.submit(call)
    }

    private func makeBlocking() -> CommandLane {
        let lane = Self.lane(loop, target, directory)
        blocking[ObjectIdentifier(lane)] = lane
        lane.onDown = { [unowned self, unowned lane] _ in
            if idle.contains(where: { $0 === lane }) { drop(lane) }
        }
        lane.start()
        return lane
    }

    private func giveBack(_ lane: CommandLane) {
        if lane.isUp, idle.count < Self.keptIdle {
            idle.append(lane)
        } else {
            // Not now: a connection is telling it of its end.
            loop.schedule(after: .zero) { [self] in drop(lane) }
        }
    }

    private func drop(_ lane: CommandLane) {
        idle.removeAll { $0 === lane }
        blocking[ObjectIdentifier(lane)] = nil
        lane.close()
    }

    /// The caller has gone. A command that blocks is ended, so that the server gives no entry to nobody.
    func cancelled(_ call: RedisCall) {
        guard let lane = call.lane, !call.isSettled else { return }
        guard call.isSent else { return lane.forget(call) }
        guard lane !== shared else { return }
        guard let client = lane.connection?.clientID, let commands = shared.connection, commands.isOpen else {
            return drop(lane)
        }
        commands.send(["CLIENT", "UNBLOCK", client]) { [weak self] reply in
            switch reply {
            // It does not block: the command is still on its way to the server, or the answer is on its way to us.
            case .success(.integer(0)):
                self?.loop.schedule(after: .milliseconds(10)) { [weak self] in self?.cancelled(call) }
            case .success: break
            // Not allowed, or Redis is away.
            case .failure: if !call.isSettled { self?.drop(lane) }
            }
        }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        started(.failure(.closed))
        watch?.stop()
        shared.close()
        for lane in blocking.values { lane.close() }
        blocking = [:]
        idle = []
    }
}
