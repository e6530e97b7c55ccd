internal import DequeModule
internal import FootbridgeRedis
internal import Synchronization

/// Events between the connection, which does not wait, and the loop that takes them.
final class SubscriptionBuffer: Sendable {
    private typealias Waiting = CheckedContinuation<Result<Subscription.Event, Redis.Failure>, Never>

    private struct State {
        var events = Deque<Subscription.Event>()
        var dropped = 0
        var waiting: Waiting?
        var end: Redis.Failure?

        /// What the loop gets now, if anything.
        mutating func take() -> Result<Subscription.Event, Redis.Failure>? {
            if dropped > 0 {
                defer { dropped = 0 }
                return .success(.gap(.overflow(dropped: dropped)))
            }
            if let event = events.popFirst() { return .success(event) }
            return end.map { .failure($0) }
        }
    }

    private let limit: Int
    private let command: String
    private let state = Mutex(State())

    init(limit: Int, _ command: String) {
        self.limit = max(1, limit)
        self.command = command
    }

    func append(_ event: PoolListener.Event) {
        switch event {
        case .message(let channel, let payload, let pattern):
            let message = ChannelMessage(
                channelBytes: channel, bytes: payload, pattern: pattern.map { String(decoding: $0, as: UTF8.self) })
            change { $0.events.append(.message(message)) }
        case .gap(let error): change { $0.events.append(.gap(.connectionLost(reason: "\(error)"))) }
        case .ended(let failure):
            let failure = Redis.Failure(failure, command, isReadOnly: true)
            change { $0.end = $0.end ?? failure }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let (waiting, next) = state.withLock { state -> (Waiting?, Result<Subscription.Event, Redis.Failure>?) in
            body(&state)
            if state.events.count > limit {
                state.events.removeFirst()
                state.dropped += 1
            }
            guard let waiting = state.waiting, let next = state.take() else { return (nil, nil) }
            state.waiting = nil
            return (waiting, next)
        }
        if let waiting, let next { waiting.resume(returning: next) }
    }

    /// Waits for the next event. For one loop at a time.
    func next() async throws(Redis.Failure) -> Subscription.Event {
        let cancelled = Redis.Failure(.cancelled, command: command)
        let result: Result<Subscription.Event, Redis.Failure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let next = state.withLock { state -> Result<Subscription.Event, Redis.Failure>? in
                    // The handler, which may come first, waits for the lock.
                    if Task.isCancelled { return .failure(cancelled) }
                    if let next = state.take() { return next }
                    if state.waiting != nil {
                        return .failure(Redis.Failure(.notSent, command: command, reason: "another loop waits here"))
                    }
                    state.waiting = continuation
                    return nil
                }
                if let next { continuation.resume(returning: next) }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                defer { state.waiting = nil }
                return state.waiting
            }
            waiting?.resume(returning: .failure(cancelled))
        }
        return try result.get()
    }
}
