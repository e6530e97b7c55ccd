internal import Synchronization

/// Entries on their way into a stream as a sequence brings them, however slowly. Behind `add(contentsOf:)` of asynchronous
/// sequences.
///
/// Thread safety: the caller appends; the replies are taken by tasks of their own, which a cancellation of the caller's does not reach.
final class Addition: Sendable {
    private struct State {
        var commands: [StreamCommand<EntryID>] = []
        var bytes = 0
        /// Those that were sent and have no reply yet, by their numbers, in their order.
        var underWay: [(number: Int, task: Task<Void, Never>)] = []
        var outcomes = AddOutcomes()
        var isStopped = false
    }

    private let stream: Redis.Stream
    private let trimming: Trimming?
    private let state = Mutex(State())

    init(_ stream: Redis.Stream, _ trimming: Trimming?) {
        self.stream = stream
        self.trimming = trimming
    }

    /// Takes an entry, and sends it with others or by itself.
    ///
    /// - Returns: whether to go on.
    func append(_ entry: EntryFields) async -> Bool {
        let command = StreamCommand.add(entry, to: stream.name.bytes, trimming: trimming)
        let (isOpen, oldest) = state.withLock { state -> (Bool, Task<Void, Never>?) in
            state.commands.append(command)
            state.bytes += entry.byteCount
            guard state.outcomes.failure == nil, !state.isStopped else { return (false, nil) }
            guard AddOutcomes.isFull(state.commands.count, state.bytes) || state.underWay.isEmpty else {
                return (true, nil)
            }
            send(&state)
            return (true, state.underWay.count >= AddOutcomes.portions ? state.underWay.first?.task : nil)
        }
        await oldest?.value
        return isOpen
    }

    private func send(_ state: inout State) {
        guard !state.commands.isEmpty, !state.isStopped, state.outcomes.failure == nil else { return }
        let pipeline = stream.redis.begin(state.commands, isCancellable: false)
        let number = state.outcomes.begin(state.commands.count)
        state.commands = []
        state.bytes = 0
        state.underWay.append((number, Task { take(await pipeline.outcome(), number) }))
    }

    private func take(_ outcome: Pipeline<EntryID>.Outcome, _ number: Int) {
        state.withLock { state in
            state.underWay.removeAll { $0.number == number }
            state.outcomes.end(number, outcome)
            // What came meanwhile, and may be the last for long.
            if state.underWay.isEmpty { send(&state) }
        }
    }

    /// Sends nothing more.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Sends what is left, and waits for all replies.
    ///
    /// - Parameter error: what the sequence threw.
    func finish(_ error: (any Error)?) async throws(AddFailure) -> [EntryID] {
        while let task = state.withLock({ state in
            send(&state)
            return state.underWay.first?.task
        }) {
            await task.value
        }
        let state = state.withLock { $0 }
        // A sequence may end early, and silently, when its task is cancelled.
        let isCut = error is CancellationError || state.isStopped
        return try await stream.result(
            state.outcomes, left: state.commands.count, trimming, isCut: isCut,
            thrown: error is CancellationError ? nil : error)
    }
}
