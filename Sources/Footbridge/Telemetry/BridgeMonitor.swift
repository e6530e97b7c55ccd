internal import Synchronization

/// What a bridge can be asked from outside while it runs: whether its loops turn, what its routes do, what is owed.
///
/// Made before the bridge, so that somebody can answer while it starts. Questions go to the workers' loops, and are given up
/// when a loop does not come to them in time.
public final class BridgeMonitor: Sendable {
    private struct State {
        var phase = BridgeSnapshot.Phase.starting
        var workers: [Worker] = []
    }

    private let state = Mutex(State())
    private let patience: Duration

    public convenience init() { self.init(patience: .seconds(1)) }

    /// - Parameter patience: how long a loop may take to come to a question.
    init(patience: Duration) { self.patience = patience }

    func runs(_ workers: [Worker]) { state.withLock { $0 = State(phase: .running, workers: workers) } }

    func stops() { state.withLock { $0.phase = .stopping } }

    /// Of each worker, whether its loop turns. None while the bridge starts.
    public func loops() async -> [Bool] {
        await ask { await $0.isTurning }.map { $0 ?? false }
    }

    /// `nil` if a loop does not turn: figures of some workers only would look as if a counter had gone back.
    public func snapshot() async -> BridgeSnapshot? {
        let phase = state.withLock { $0.phase }
        let workers = await ask { await $0.snapshot }
        let answers = workers.compactMap(\.self)
        return answers.count == workers.count ? BridgeSnapshot(phase: phase, workers: answers) : nil
    }

    /// Of each route and each of its streams, what is owed; `nil` where Redis does not tell. Empty while the bridge starts.
    public func backlogs() async -> [[StreamBacklog?]] {
        guard let worker = state.withLock({ $0.workers.first }) else { return [] }
        // The worker gives Redis a second.
        return await answer(within: patience * 2) { await worker.backlogs() } ?? []
    }

    private func ask<Answer: Sendable>(_ question: @escaping @Sendable (Worker) async -> Answer) async -> [Answer?] {
        let workers = state.withLock { $0.workers }
        return await withTaskGroup(of: (Int, Answer?).self) { group in
            for (index, worker) in workers.enumerated() {
                group.addTask { [patience] in (index, await answer(within: patience) { await question(worker) }) }
            }
            var answers = [Answer?](repeating: nil, count: workers.count)
            for await (index, answer) in group { answers[index] = answer }
            return answers
        }
    }
}

extension Worker {
    /// True when it is answered.
    fileprivate var isTurning: Bool { true }
}

/// What `operation` gives, or `nil` if that takes longer than `limit`. The operation then goes on by itself: what waits for a
/// thread that is stuck cannot be cancelled.
private func answer<Value: Sendable>(
    within limit: Duration, _ operation: @escaping @Sendable () async -> Value
) async -> Value? {
    await withCheckedContinuation { continuation in
        let first = FirstAnswer(continuation)
        let timer = Task {
            try? await Task.sleep(for: limit)
            first.give(nil)
        }
        Task {
            first.give(await operation())
            timer.cancel()
        }
    }
}

/// Resumes a continuation with the first of several answers.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value?, Never>?>

    init(_ continuation: CheckedContinuation<Value?, Never>) { self.continuation = Mutex(continuation) }

    func give(_ answer: Value?) {
        let waiting = continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume(returning: answer)
    }
}
