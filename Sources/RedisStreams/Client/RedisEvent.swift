/// What happened to the connection that a client's commands share.
public enum RedisEvent: Sendable, Hashable {
    /// It stands. `server` is where it leads: `10.0.0.1:6379`, or the path of a socket.
    case connected(server: String)
    /// It was lost, or could not be made; the client goes on trying. Told once, however many attempts fail afterwards.
    case lost(Redis.Failure)
}

extension Redis {
    /// What happens to the connection that commands share, from its present state on; ends when the client is closed.
    ///
    /// ```swift
    /// for await event in redis.events {
    ///     if case .lost(let reason) = event { health.set(.degraded, "\(reason)") }
    /// }
    /// ```
    /// Any number may listen; each has a sequence of its own. One that does not keep up loses the oldest of 64.
    public var events: AsyncStream<RedisEvent> { core.changes.stream }
}
