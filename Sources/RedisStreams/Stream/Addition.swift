internal import Synchronization

/// Entries on their way into a stream: a hundred commands or a megabyte at a time, three times under way at most. Behind
/// `add(contentsOf:)`.
///
/// Thread safety: the caller appends; the replies are taken by tasks of their own, which a cancellation of the caller's does not reach.
final class Addition: Sendable {
    private struct State {
        var commands: [StreamCommand<EntryID>] = []
        var bytes = 0
        /// Those that were sent, in their order.
        var sent: [Task<Void, Never>] = []
        var underWay = 0
        /// By the number of what was sent.
        var outcomes: [[AddFailure.Outcome]] = []
        var failure: Redis.Failure?
        var isStopped = false
        /// Cancelled while there was more to add.
        var isCut = false
    }

    private let stream: Redis.Stream
    private let trimming: Trimming?
    private let sendsAtOnce: Bool
    private let state = Mutex(State())

    init(_ stream: Redis.Stream, _ trimming: Trimming?, sendsAtOnce: Bool) {
        self.stream = stream
        self.trimming = trimming
        self.sendsAtOnce = sendsAtOnce
    }

    /// - Returns: whether to go on.
    func append(_ entry: EntryFields) async -> Bool {
        let command = StreamCommand.add(entry, to: stream.name.bytes, trimming: trimming)
        let (isOpen, oldest) = state.withLock { state -> (Bool, Task<Void, Never>?) in
            state.commands.append(command)
            state.bytes += entry.byteCount
            guard state.failure == nil, !state.isStopped else {
                state.isCut = state.isStopped
                return (false, nil)
            }
            let isFull = state.commands.count == 100 || state.bytes >= 1 << 20
            guard isFull || sendsAtOnce && state.underWay == 0 else { return (true, nil) }
            send(&state)
            return (true, state.sent.count >= 3 ? state.sent[state.sent.count - 3] : nil)
        }
        await oldest?.value
        return isOpen
    }

    private func send(_ state: inout State) {
        guard !state.commands.isEmpty, !state.isStopped, state.failure == nil else { return }
        let pipeline = stream.redis.begin(state.commands, isCancellable: false)
        let number = state.sent.count
        state.outcomes.append(Array(repeating: .uncertain, count: state.commands.count))
        state.commands.removeAll(keepingCapacity: true)
        state.bytes = 0
        state.underWay += 1
        state.sent.append(Task { take(await pipeline.results(), number) })
    }

    private func take(_ results: [Result<EntryID, Redis.Failure>], _ number: Int) {
        state.withLock { state in
            state.underWay -= 1
            for (index, result) in results.enumerated() {
                switch result {
                case .success(let id): state.outcomes[number][index] = .added(id)
                case .failure(let failure):
                    state.failure = state.failure ?? failure
                    if !failure.mayHaveRun { state.outcomes[number][index] = .notAdded }
                }
            }
            // What came meanwhile, and may be the last for long.
            if sendsAtOnce, state.underWay == 0 { send(&state) }
        }
    }

    /// Sends nothing more.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Sends what is left, and waits for all replies.
    ///
    /// - Parameter cause: why the sequence ended before its end.
    func finish(_ cause: (any Error)? = nil) async throws(AddFailure) -> [EntryID] {
        var awaited = 0
        while true {
            let sent = state.withLock { state in
                send(&state)
                return state.sent.dropFirst(awaited)
            }
            guard !sent.isEmpty else { break }
            for task in sent { await task.value }
            awaited += sent.count
        }
        let state = state.withLock { $0 }
        let outcomes = state.outcomes.flatMap(\.self) + state.commands.map { _ in .notAdded }
        if let failure = state.failure {
            throw AddFailure(cause: await stream.redis.explained(failure, trimming?.needs), outcomes: outcomes)
        }
        // A sequence may end early, and silently, when its task is cancelled.
        let isCut = state.isCut || !state.commands.isEmpty || sendsAtOnce && state.isStopped
        if cause is CancellationError || cause == nil && isCut {
            throw AddFailure(cause: Redis.Failure(.cancelled, command: "XADD"), outcomes: outcomes)
        }
        if let cause { throw AddFailure(cause: cause, outcomes: outcomes) }
        return outcomes.compactMap { if case .added(let id) = $0 { id } else { nil } }
    }
}
