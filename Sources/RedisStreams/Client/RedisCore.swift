internal import FootbridgeCurl
internal import FootbridgeRedis
internal import Logging
internal import Synchronization

/// What all handles of one client share: the connections, which are made when they are needed first, and who is told of them.
final class RedisCore: Sendable {
    let target: Result<RedisTarget, Redis.Failure>
    let deadline: Duration
    let acknowledgers = Acknowledgers()
    let changes: ConnectionChanges
    /// Opened by `close`.
    let closing = Latch()

    private let settings: PoolSettings
    private let lazyPool = AtomicLazyReference<RedisPool>()

    init(_ configuration: RedisConfiguration, _ logger: Logger?) {
        let changes = ConnectionChanges(logger)
        self.changes = changes
        deadline = configuration.deadline
        do throws(Redis.Failure) {
            target = .success(try configuration.target)
        } catch {
            target = .failure(error)
        }
        settings = PoolSettings(
            blockingConnections: configuration.blockingConnections, keptIdle: configuration.idleConnections
        ) { changes.note($0) }
    }

    init(_ target: RedisTarget, deadline: Duration) {
        let changes = ConnectionChanges(nil)
        self.changes = changes
        self.deadline = deadline
        self.target = .success(target)
        settings = PoolSettings { changes.note($0) }
    }

    deinit { changes.finish() }

    /// The connections, for a command.
    func use(_ command: String?) throws(Redis.Failure) -> RedisPool {
        // One load, on the way of every command.
        if let pool = lazyPool.load() { return pool }
        let target = try target.get()
        do throws(RedisError) {
            return try pool(target)
        } catch {
            throw Redis.Failure(connecting: error, command)
        }
    }

    /// Makes the first connection, in one attempt.
    func connect() async throws(RedisError) {
        guard case .success(let target) = target else { throw .closed }
        try await pool(target).connect()
    }

    private func pool(_ target: RedisTarget) throws(RedisError) -> RedisPool {
        guard !closing.isOpen else { throw .closed }
        do throws(CurlLoopError) {
            // Of two that are made at the same time one is let go again, which closes it.
            let pool = lazyPool.storeIfNil(try RedisPool(target, settings))
            // Closed meanwhile, by somebody who found none to close.
            if closing.isOpen { Task { await pool.close() } }
            return pool
        } catch {
            throw .connection(TransportFailure(kind: .ownLack, message: "\(error)"))
        }
    }

    /// What has been sent gets its reply, for as long as the deadline; then all connections are closed.
    func close() async {
        closing.open()
        await lazyPool.load()?.close(within: deadline)
        changes.finish()
    }
}
