internal import FootbridgeCurl
public import FootbridgeRedis
internal import Glibc
public import Logging
public import ServiceLifecycle
internal import Synchronization

/// A private redis-server as a child of the bridge (`redis: embedded`), reached by a unix socket in the state directory.
///
/// Nothing is lost when either dies: every write is in its append-only file, a dead server is started again, and one that
/// outlived its bridge is adopted by the next. As a service it stands before what uses it, and so it stops after that.
public final class EmbeddedRedis: Service {
    /// The path of the socket, absolute.
    public var socketPath: String { layout.socket }
    /// For a client of this machine.
    public var url: RedisURL { RedisURL(endpoint: .unix(path: layout.socket), password: config.password) }

    private let layout: RedisLayout
    private let config: EmbeddedConfig
    private let owner: StateOwner?
    private let logger: Logger
    private let endsWithParent: Bool
    private let variable: @Sendable (String) -> String?
    private let state = Mutex(State.idle)

    private enum State {
        case idle
        case starting(StopSignal, waiting: [StartContinuation], stopping: [StopContinuation])
        case running(StopSignal, stopping: [StopContinuation])
    }

    private typealias StartResult = Result<Void, EmbeddedRedisError>
    private typealias StartContinuation = CheckedContinuation<StartResult, Never>
    private typealias StopContinuation = CheckedContinuation<Void, Never>

    /// - Parameters:
    ///   - owner: the configuration whose the state is; another's is refused.
    ///   - endsWithParent: redis-server is killed with this process, even by SIGKILL: for data that nobody needs
    ///     afterwards. Where there is no `setpriv` (util-linux), it goes on as otherwise.
    public convenience init(
        stateDirectory: String, config: EmbeddedConfig = EmbeddedConfig(), owner: StateOwner? = nil, logger: Logger,
        endsWithParent: Bool = false
    ) {
        self.init(
            stateDirectory: stateDirectory, config: config, owner: owner, logger: logger, endsWithParent: endsWithParent
        ) { getenv($0).map { String(cString: $0) } }
    }

    /// - Parameter variable: looks an environment variable up.
    init(
        stateDirectory: String, config: EmbeddedConfig = EmbeddedConfig(), owner: StateOwner? = nil, logger: Logger,
        endsWithParent: Bool = false, variable: @escaping @Sendable (String) -> String?
    ) {
        self.config = config
        self.owner = owner
        self.endsWithParent = endsWithParent
        layout = RedisLayout(
            state: StateDirectory.absolute(stateDirectory), outerSocket: config.outerSocket(variable: variable))
        self.logger = logger
        self.variable = variable
    }

    /// Where the server of a bridge is found that runs with this state directory.
    ///
    /// - Throws: if the path is too long for a socket; `start` finds that, too.
    public static func url(
        stateDirectory: String, config: EmbeddedConfig
    ) throws(EmbeddedRedisError) -> RedisURL {
        // Not by the variables of the bridge, which others do not have: what is in the state directory leads there.
        let layout = RedisLayout(
            state: StateDirectory.absolute(stateDirectory), outerSocket: config.outerSocket(variable: { _ in nil }))
        guard UnixAddress(layout.socket) != nil else { throw .socketPathTooLong(path: layout.socket) }
        return RedisURL(endpoint: .unix(path: layout.socket), password: config.password)
    }

    /// Returns when redis-server answers; at once if it does already.
    ///
    /// - Throws: What keeps it from starting; `.stopped` when it is cancelled.
    public func start() async throws(EmbeddedRedisError) {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: StartContinuation) in
                begin(continuation)
                // The handler may have run before there was something to cancel.
                if Task.isCancelled { cancelStart() }
            }
        } onCancel: {
            cancelStart()
        }
        try result.get()
    }

    /// Keeps redis-server running until a graceful shutdown or a cancellation, then ends it.
    public func run() async throws {
        try await start()
        try? await gracefulShutdown()
        await stop()
    }

    /// Ends redis-server by SIGTERM, after ten seconds by SIGKILL, and returns when it is gone. Not cut short by a
    /// cancellation; does nothing if there is none.
    public func stop() async {
        await withCheckedContinuation { (continuation: StopContinuation) in
            let isIdle = state.withLock { state in
                switch state {
                case .idle: return true
                case .starting(let signal, let waiting, let stopping):
                    state = .starting(signal, waiting: waiting, stopping: stopping + [continuation])
                case .running(let signal, let stopping):
                    state = .running(signal, stopping: stopping + [continuation])
                }
                return false
            }
            if isIdle { continuation.resume() } else { requestStop() }
        }
    }

    private func requestStop() {
        state.withLock { state in
            switch state {
            case .idle: break
            case .starting(let signal, _, _), .running(let signal, _): signal.set()
            }
        }
    }

    /// Once the server answers, a cancellation comes too late: it stays until `stop()`.
    private func cancelStart() {
        state.withLock { state in
            if case .starting(let signal, _, _) = state { signal.set() }
        }
    }

    private func begin(_ continuation: StartContinuation) {
        let result: StartResult? = state.withLock { state in
            switch state {
            case .running: return .success(())
            case .starting(let signal, let waiting, let stopping):
                state = .starting(signal, waiting: waiting + [continuation], stopping: stopping)
                return nil
            case .idle:
                do throws(EmbeddedRedisError) {
                    let signal = try startThread()
                    state = .starting(signal, waiting: [continuation], stopping: [])
                    return nil
                } catch {
                    return .failure(error)
                }
            }
        }
        if let result { continuation.resume(returning: result) }
    }

    private func startThread() throws(EmbeddedRedisError) -> StopSignal {
        guard UnixAddress(layout.socket) != nil else { throw .socketPathTooLong(path: layout.socket) }
        if config.isShared, layout.outerSocket == nil { throw .noPlaceForSocket }
        let stop = try StopSignal()
        let supervisor = RedisSupervisor(
            layout: layout, stop: stop, logger: logger, variable: variable, config: config, owner: owner,
            endsWithParent: endsWithParent)
        do throws(SystemFailure) {
            try DetachedThread.start {
                do throws(EmbeddedRedisError) {
                    try supervisor.run(onStart: self.started)
                    self.ended(.stopped)
                } catch {
                    self.ended(error)
                }
            }
        } catch {
            throw .system(call: "pthread_create", errno: error.code)
        }
        return stop
    }

    private func started() {
        let waiting = state.withLock { state in
            // Who cancelled in time is told so in `ended`.
            guard case .starting(let signal, let waiting, let stopping) = state, !signal.isSet else {
                return [StartContinuation]()
            }
            state = .running(signal, stopping: stopping)
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: .success(())) }
    }

    /// The thread is through and the locks are free.
    private func ended(_ error: EmbeddedRedisError) {
        let last = state.withLock { state in
            defer { state = .idle }
            return state
        }
        switch last {
        case .idle: break
        case .starting(_, let waiting, let stopping):
            for continuation in waiting { continuation.resume(returning: .failure(error)) }
            for continuation in stopping { continuation.resume() }
        case .running(_, let stopping):
            for continuation in stopping { continuation.resume() }
        }
    }
}
