internal import FootbridgeRedis
internal import Logging
internal import Synchronization

/// Tells of the connection: the log, and whoever listens to `Redis.events`.
final class ConnectionChanges: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<RedisEvent>.Continuation] = [:]
        var count = 0
        /// What a listener that comes now is told first.
        var last: RedisEvent?
        var isLost = false
        var isFinished = false
    }

    private let logger: Logger?
    private let state = Mutex(State())

    init(_ logger: Logger?) { self.logger = logger }

    var stream: AsyncStream<RedisEvent> {
        AsyncStream(bufferingPolicy: .bufferingNewest(64)) { continuation in
            let number: Int? = state.withLock { state in
                if let last = state.last { continuation.yield(last) }
                guard !state.isFinished else { return nil }
                state.count += 1
                state.listeners[state.count] = continuation
                return state.count
            }
            guard let number else { return continuation.finish() }
            continuation.onTermination = { [weak self] _ in
                _ = self?.state.withLock { $0.listeners.removeValue(forKey: number) }
            }
        }
    }

    func note(_ change: PoolChange) {
        switch change {
        case .connected(let server):
            let wasLost = tell(.connected(server: server), isLost: false)
            if wasLost { logger?.notice("Redis is back", metadata: ["server": "\(server)"]) }
        // Closed by us.
        case .lost(.closed): break
        case .lost(let error):
            let failure = Redis.Failure(connecting: error)
            _ = tell(.lost(failure), isLost: true)
            logger?.warning("Redis is unreachable", metadata: ["reason": "\(failure.reason)"])
        }
    }

    /// Returns whether the connection was lost before.
    private func tell(_ event: RedisEvent, isLost: Bool) -> Bool {
        let (listeners, wasLost) = state.withLock { state in
            defer { (state.last, state.isLost) = (event, isLost) }
            return (Array(state.listeners.values), state.isLost)
        }
        for listener in listeners { listener.yield(event) }
        return wasLost
    }

    func finish() {
        let listeners = state.withLock { state in
            defer { (state.listeners, state.isFinished) = ([:], true) }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
