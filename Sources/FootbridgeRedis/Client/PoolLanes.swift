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
    /// Connections that listen to channels.
    private var listeners: [ObjectIdentifier: PoolListener] = [:]
    /// Those that wait until one of these is free.
    private var queue = BlockingQueue()
    private let settings: PoolSettings
    private var isStarted = false
    /// No calls are taken any more.
    private var isDraining = false
    private var isClosed = false
    private var onDrained: [() -> Void] = []
    private var isSharedDrained = false
    /// What was told last of the shared connection.
    private var isKnownLost = false
    private var onStarted: ((Result<Void, RedisError>) -> Void)?

    /// Somebody waits for each reply: a server that is back has to be found soon.
    static let longestDelay = Duration.seconds(1)

    init(loop: CurlLoop, target: RedisTarget, settings: PoolSettings) {
        self.loop = loop
        self.settings = settings
        self.target = target
        let directory = target.sentinel.map { SentinelDirectory(loop: loop, target: $0) }
        self.directory = directory
        watch = target.sentinel.flatMap { sentinel in
            directory.map { SentinelWatch(loop: loop, directory: $0, target: sentinel) }
        }
        shared = Self.lane(loop, target, directory)
    }

    private static func lane(_ loop: CurlLoop, _ target: RedisTarget, _ directory: SentinelDirectory?) -> CommandLane {
        CommandLane(loop: loop, link: link(loop, target, directory))
    }

    private static func link(_ loop: CurlLoop, _ target: RedisTarget, _ directory: SentinelDirectory?) -> RedisLink {
        RedisLink(loop: loop, target: target, directory: directory, longestDelay: longestDelay)
    }

    /// A connection that listens, for `start`. From any thread.
    func listener(
        _ channels: [[UInt8]], _ patterns: [[UInt8]], _ patience: Duration, _ handler: @escaping PoolListener.Handler
    ) -> PoolListener {
        PoolListener(
            loop: loop, link: Self.link(loop, target, directory), channels: channels, patterns: patterns,
            patience: patience, handler: handler)
    }

    func start(_ listener: PoolListener, _ completion: @escaping (Result<Void, CallFailure>) -> Void) {
        // Its caller may be gone before it begins.
        guard !isDraining, !listener.isEnded else { return completion(.failure(.closed)) }
        begin()
        listeners[ObjectIdentifier(listener)] = listener
        listener.onEnd = { [unowned self, unowned listener] in listeners[ObjectIdentifier(listener)] = nil }
        listener.start(completion)
    }

    /// Connects; tells once whether the first attempt succeeded.
    func start(_ completion: @escaping (Result<Void, RedisError>) -> Void) {
        guard !isClosed, !isDraining else { return completion(.failure(.closed)) }
        onStarted = completion
        begin()
    }

    /// Makes the shared connection, once.
    private func begin() {
        guard !isStarted else { return }
        isStarted = true
        shared.onUp = { [unowned self] in
            isKnownLost = false
            settings.onChange?(.connected(server: shared.address?.description ?? "?"))
            started(.success(()))
        }
        shared.onDown = { [unowned self] error in
            if !isKnownLost { settings.onChange?(.lost(error)) }
            isKnownLost = true
            started(.failure(error))
        }
        shared.start()
        watch?.onSwitch = { [unowned self] address in
            for lane in [shared] + blocking.values { lane.follow(address) }
            for listener in listeners.values { listener.follow(address) }
        }
        watch?.start()
    }

    private func started(_ result: Result<Void, RedisError>) {
        let onStarted = onStarted
        self.onStarted = nil
        onStarted?(result)
    }

    /// Sends a call on the connection that all share.
    func submit(_ call: RedisCall) {
        guard !isDraining else { return call.fail(.closed) }
        begin()
        shared.submit(call)
    }

    /// Sends a command that blocks on a connection of its own, which is used again afterwards; once there are as many as may
    /// be, when one is free.
    func block(_ call: RedisCall) {
        guard !isDraining else { return call.fail(.closed) }
        begin()
        if let lane = idle.popLast() {
            run(call, on: lane)
        } else if blocking.count < settings.blockingConnections {
            run(call, on: makeBlocking())
        } else {
            queue.append(call)
            call.timer = loop.schedule(after: call.due - .now) { [weak self, weak call] in
                guard let self, let call, queue.remove(call) else { return }
                call.fail(.noFreeConnection(limit: settings.blockingConnections))
            }
        }
    }

    private func run(_ call: RedisCall, on lane: CommandLane) {
        if let timer = call.timer { loop.cancel(timer) }
        call.timer = nil
        lane.onlyCall = call
        call.onSettled = { [unowned self, unowned lane, lease = call.lease] in
            if let lease { hold(lane, lease) } else { giveBack(lane) }
        }
        lane.submit(call)
    }

    /// A connection is free, or may be made.
    private func serveQueue() {
        while idle.count > 0 || blocking.count < settings.blockingConnections, let call = queue.popFirst() {
            if call.isOver { continue }
            run(call, on: idle.popLast() ?? makeBlocking())
        }
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

    func giveBack(_ lane: CommandLane) {
        if lane.isUp, let next = queue.popFirst(where: { !$0.isOver }) {
            run(next, on: lane)
        } else if lane.isUp, idle.count < settings.keptIdle {
            idle.append(lane)
            finishDraining()
        } else {
            // Not now: a connection is telling it of its end.
            loop.schedule(after: .zero) { [self] in drop(lane) }
        }
    }

    private func drop(_ lane: CommandLane) {
        idle.removeAll { $0 === lane }
        blocking[ObjectIdentifier(lane)] = nil
        lane.close()
        serveQueue()
        finishDraining()
    }

    /// The caller has gone. A command that blocks is ended, so that the server gives no entry to nobody.
    func cancelled(_ call: RedisCall) {
        if queue.remove(call) { return call.fail(.cancelled(wasSent: false)) }
        guard let lane = call.lane, !call.isSettled else { return }
        guard call.isSent else { return lane.forget(call) }
        if lane !== shared, call.lease == nil { unblock(call, on: lane) }
    }

    /// Ends what a call waits for at the server, or else its connection.
    private func unblock(_ call: RedisCall, on lane: CommandLane) {
        guard !call.isSettled else { return }
        guard let client = lane.connection?.clientID, let commands = shared.connection, commands.isOpen else {
            return drop(lane)
        }
        commands.send(["CLIENT", "UNBLOCK", client]) { [weak self] reply in
            switch reply {
            // It does not block: the command is still on its way to the server, or the answer is on its way to us.
            case .success(.integer(0)):
                self?.loop.schedule(after: .milliseconds(10)) { [weak self, weak lane] in
                    if let lane { self?.unblock(call, on: lane) }
                }
            case .success: break
            // Not allowed, or Redis is away.
            case .failure: if !call.isSettled { self?.drop(lane) }
            }
        }
    }

    /// Takes no more calls, and waits until what was sent has its reply; reads that wait at the server are ended there.
    ///
    /// - Parameter deadline: then the connections are closed all the same.
    func drain(within deadline: Duration, _ completion: @escaping () -> Void) {
        guard !isClosed, isStarted else {
            close()
            return completion()
        }
        onDrained.append(completion)
        guard !isDraining else { return }
        isDraining = true
        for listener in listeners.values { listener.stop() }
        while let call = queue.popFirst() { call.fail(.closed) }
        shared.refuseWaiting()
        for lane in blocking.values {
            lane.refuseWaiting()
            // A lease is waited for: what goes over it does not block.
            if let call = lane.onlyCall, call.lease == nil { unblock(call, on: lane) }
        }
        loop.schedule(after: deadline) { [weak self] in self?.close() }
        // Its reply comes behind those of all that was sent before.
        guard let connection = shared.connection, connection.isOpen else { return sharedIsDrained() }
        connection.send(["PING"], deadline: deadline) { [weak self] _ in self?.sharedIsDrained() }
    }

    private func sharedIsDrained() {
        isSharedDrained = true
        finishDraining()
    }

    private func finishDraining() {
        guard isSharedDrained, blocking.count == idle.count else { return }
        // Not now: a connection may be telling of a reply, or of its end.
        loop.schedule(after: .zero) { [weak self] in self?.close() }
    }

    func close() {
        guard !isClosed else { return }
        (isClosed, isDraining) = (true, true)
        defer {
            for tell in onDrained { tell() }
            onDrained = []
        }
        for listener in listeners.values { listener.stop() }
        while let call = queue.popFirst() { call.fail(.closed) }
        started(.failure(.closed))
        watch?.stop()
        shared.close()
        for lane in blocking.values { lane.close() }
        blocking = [:]
        idle = []
    }
}
