internal import FootbridgeRESP
internal import FootbridgeRedis
internal import Synchronization

/// What a bridge can be asked from outside while it runs: whether its loops turn, what its routes do, what is owed.
///
/// Made before the bridge, so that somebody can answer while it starts. Questions go to the workers' loops, and are given up
/// when a loop does not come to them in time.
public final class BridgeMonitor: Sendable {
    private struct State {
        var phase = BridgeSnapshot.Phase.starting
        var workers: [Worker] = []
        var config: BridgeConfig?
    }

    private let state = Mutex(State())
    private let patience: Duration

    public convenience init() { self.init(patience: .seconds(1)) }

    /// - Parameter patience: how long a loop may take to come to a question.
    init(patience: Duration) { self.patience = patience }

    /// - Parameter config: what they run now.
    func runs(_ workers: [Worker], _ config: BridgeConfig) {
        state.withLock { $0 = State(phase: .running, workers: workers, config: config) }
    }

    /// The workers are about to follow another configuration.
    func follows(_ config: BridgeConfig) { state.withLock { $0.config = config } }

    /// What the bridge runs; `nil` while it starts.
    public var config: BridgeConfig? { state.withLock { $0.config } }

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

    /// What is owed of each route's streams; without those of which Redis does not tell. Empty while the bridge starts.
    public func backlogs() async -> [StreamPlace: StreamBacklog] {
        guard let worker = state.withLock({ $0.workers.first }) else { return [:] }
        // The worker gives Redis a second.
        return await answer(within: patience * 2) { await worker.backlogs() } ?? [:]
    }

    /// The last attempts of a route on each worker, those that ended first before the others; see `Worker.attempts`.
    ///
    /// - Parameter numbers: later than these only, by worker; none: all.
    public func attempts(ofRoute route: String, since numbers: [UInt64]) async -> [[AttemptRecord]] {
        let workers = state.withLock { $0.workers }
        var attempts: [[AttemptRecord]] = []
        for (index, worker) in workers.enumerated() {
            let number = index < numbers.count ? numbers[index] : 0
            attempts.append(
                await answer(within: patience) { await worker.attempts(ofRoute: route, since: number) } ?? [])
        }
        return attempts
    }

    /// Entries of a route that wait without their bodies, by due time.
    public func waiting(ofRoute route: String, limit: Int) async -> [WaitingEntry] {
        await ask { await $0.waiting(ofRoute: route, limit: limit) }.flatMap { $0 ?? [] }
    }

    /// Sends a command over a worker's connection.
    ///
    /// - Returns: `nil` without a connection, or if no answer comes in time.
    func call(_ command: RESPCommand) async -> Result<RESPValue, RedisError>? {
        guard let worker = state.withLock({ $0.workers.first }) else { return nil }
        return await answer(within: patience) { await worker.call(command) } ?? nil
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
