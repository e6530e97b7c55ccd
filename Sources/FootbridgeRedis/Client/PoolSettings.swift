/// What a `RedisPool` may do, beside where it connects.
public struct PoolSettings: Sendable {
    /// How many connections there may be for commands that block; more of those wait for their turn.
    public var blockingConnections: Int
    /// How many of these are kept for the next such command.
    public var keptIdle: Int
    /// Told on the pool's thread of each change of the shared connection: made, and lost (or not to be made).
    public var onChange: (@Sendable (PoolChange) -> Void)?

    public init(
        blockingConnections: Int = 256, keptIdle: Int = 4, onChange: (@Sendable (PoolChange) -> Void)? = nil
    ) {
        self.blockingConnections = max(1, blockingConnections)
        self.keptIdle = max(0, keptIdle)
        self.onChange = onChange
    }
}

/// What happened to the connection that all callers of a pool share.
public enum PoolChange: Sendable, Equatable {
    /// It stands, and leads to this server.
    case connected(server: String)
    /// It was lost, or the first attempt to make it failed. Told once, however many attempts fail afterwards.
    case lost(RedisError)
}
