internal import FootbridgeCurl
internal import Synchronization

/// Where runners get messages from and bring back what became of them, and where sessions and settler put in and take out.
/// A runner that finds a message ready waits for nothing.
final class WorkBoard: Sendable {
    struct Job: Sendable {
        let key: WorkKey
        let message: Message
    }

    enum Outcome: Sendable {
        case handled
        case failed(any Error)
    }

    struct State {
        var table: WorkTable
        var tenures: [Tenure]
        var settlement = Settlement()
        var letters: [GivenUp] = []
        /// What is on its way to the dead letters.
        var givenUp: [WorkKey: Burying] = [:]
        var idle: [(runner: Int, continuation: CheckedContinuation<Job?, Never>)] = []
        var isStopped = false
        var runners: [Int: Task<Void, Never>] = [:]
        /// Runners that are cancelled, because what they handle is another's: they take nothing more.
        var leaving: Set<Int> = []
        var readAhead: ReadAhead
    }

    /// So many messages that were handled are acknowledged without waiting for more.
    static let portion = 100

    let options: ProcessOptions
    let streams: [StreamName]
    private let consumer: String
    let state: Mutex<State>
    /// For each stream: there is room, something is due, or all is over.
    let bells: [Bell]
    let dueBells: [Bell]
    let settlerBell = Bell()
    let letterBell = Bell()
    let clockBell = Bell()
    let endBell = Bell()

    init(_ options: ProcessOptions, _ streams: [StreamName], consumer: String) {
        self.options = options
        self.streams = streams
        self.consumer = consumer
        state = Mutex(
            State(
                table: WorkTable(streams: streams.count),
                tenures: streams.map { _ in Tenure(claimAfter: options.abandonedAfter) },
                readAhead: ReadAhead(concurrency: options.concurrency, window: options.window)))
        bells = streams.map { _ in Bell() }
        dueBells = streams.map { _ in Bell() }
    }

    // MARK: - Runners

    /// Waits for a message to handle; `nil` when the runner's work is over.
    func next(_ runner: Int) async -> Job? {
        let (job, isOver) = state.withLock { state in
            state.isStopped ? (nil, true) : (Self.start(&state, runner), false)
        }
        if job != nil || isOver { return job }
        return await withCheckedContinuation { continuation in
            let (job, isOver) = state.withLock { state -> (Job?, Bool) in
                if state.isStopped { return (nil, true) }
                if let job = Self.start(&state, runner) { return (job, false) }
                state.idle.append((runner, continuation))
                return (nil, false)
            }
            if job != nil || isOver { continuation.resume(returning: job) }
        }
    }

    /// Nothing begins that may be another's by now.
    private static func start(_ state: inout State, _ runner: Int) -> Job? {
        let now = MonotonicTime.now
        let tenures = state.tenures
        return state.table.start(runner: runner) { tenures[$0].isCertain(at: now) }
            .map { Job(key: $0.key, message: $0.message) }
    }

    /// Gives what is ready to runners that wait.
    func wake() {
        let started = state.withLock { state in
            var started: [(CheckedContinuation<Job?, Never>, Job)] = []
            while !state.isStopped, let last = state.idle.last, let job = Self.start(&state, last.runner) {
                state.idle.removeLast()
                started.append((last.continuation, job))
            }
            return started
        }
        for (continuation, job) in started { continuation.resume(returning: job) }
    }

    func finish(_ job: Job, _ outcome: Outcome) {
        let key = job.key
        var end: End?
        if case .failed(let error) = outcome {
            // What a user's code says is not asked for under the lock.
            guard let attempts = state.withLock({ $0.table.rows[key]?.begun }) else { return }
            end = self.end(of: job, error, attempts)
        }
        let (isRetried, rings, wakes) = state.withLock { state -> (Bool, Bool, Bool) in
            var rings = state.settlement.isEmpty
            var isRetried = false
            switch end {
            case nil:
                guard state.table.end(key, .settling) else { return (false, false, false) }
                state.settlement.handled[key.stream, default: []].append(key.id)
                state.settlement.handledCount += 1
                rings = rings || state.settlement.handledCount == Self.portion
            case _ where state.table.rows[key]?.isLost ?? true: state.table.remove(key)
            case .letter(let letter):
                _ = state.table.end(key, .settling)
                state.givenUp[key] = Burying()
                state.letters.append(letter)
            case .retry(let attempts, let wait):
                _ = state.table.end(key, .counting)
                state.table.setBegun(key, attempts)
                state.settlement.counts[key.stream, default: []].append((key.id, attempts, .now + wait))
                isRetried = true
            }
            return (isRetried, rings, state.table.hasReady && !state.idle.isEmpty)
        }
        if isRetried, case .failed(let error) = outcome, case .retry(_, let wait) = end {
            options.observer?.willRetry(job.message, after: wait, because: error)
        }
        if rings { settlerBell.ring() }
        if case .letter = end { letterBell.ring() }
        if wakes { wake() }
        ringIfStopped()
    }

    /// What becomes of a message whose handler has thrown.
    private enum End {
        case letter(GivenUp)
        case retry(attempts: Int, after: Duration)
    }

    private func end(of job: Job, _ error: any Error, _ attempts: Int) -> End {
        if let error = error as? MessagePostponed { return .retry(attempts: attempts - 1, after: error.wait) }
        let reason: String? =
            switch error {
            case let error as MessageRejected: "rejected: \(error.reason)"
            case let error as MalformedMessage: "malformed: \(error.reason)"
            default: options.attempts.map { attempts >= $0 } ?? false ? "exhausted: \(error)" : nil
            }
        if let reason {
            return .letter(
                GivenUp(
                    key: job.key, reason: reason, attempts: attempts, consumer: consumer, fields: job.message.fields))
        }
        return .retry(attempts: attempts, after: options.backoff.delay(afterAttempt: attempts, of: job.key.id))
    }

    /// Its handler was cancelled because all stops: it stays pending as it is.
    func interrupt(_ job: Job) {
        state.withLock { state in
            _ = state.table.end(job.key, .counting)
            state.table.wait(job.key, until: .now)
        }
        ringIfStopped()
    }

    // MARK: - The end

    func keep(_ runner: Int, _ task: Task<Void, Never>) { state.withLock { $0.runners[runner] = task } }

    /// Whether the runner has to go. For its successor that is forgotten.
    func leaves(_ runner: Int) -> Bool { state.withLock { $0.leaving.remove(runner) != nil } }

    /// Nothing begins any more.
    func stop() {
        let idle = state.withLock { state in
            defer { state.idle = [] }
            state.isStopped = true
            return state.idle
        }
        for (_, continuation) in idle { continuation.resume(returning: nil) }
        endBell.ring()
    }

    /// Whoever waits for the end looks again.
    func ringIfStopped() {
        if isStopped { endBell.ring() }
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }
    var running: Int { state.withLock { $0.table.running } }

    func cancelRunners() {
        for task in state.withLock({ Array($0.runners.values) }) { task.cancel() }
    }
}
