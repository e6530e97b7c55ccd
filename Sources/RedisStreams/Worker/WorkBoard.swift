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

    /// What Redis is to be told.
    struct Settlement: Sendable {
        var handled: [Int: [EntryID]] = [:]
        var handledCount = 0
        /// Attempts that failed, and when the entry is due again.
        var counts: [Int: [(id: EntryID, attempts: Int, due: MonotonicTime)]] = [:]
        var letters: [GivenUp] = []

        var isEmpty: Bool { handled.isEmpty && counts.isEmpty && letters.isEmpty }
    }

    /// An entry that is given up.
    struct GivenUp: Sendable {
        let key: WorkKey
        let reason: String
        let attempts: Int
        /// Who has it pending; `nil` if nobody does.
        let consumer: String?
        /// `nil`: to be fetched, unless it is trimmed.
        var fields: EntryFields?
        var isTrimmed = false
        /// Its fields cannot be fetched: the server copies them.
        var isTooLarge = false
        /// It was sent before, and no answer came.
        var mayBeWritten = false
        var retryAt: MonotonicTime?
    }

    private struct State {
        var table = WorkTable()
        var tenures: [Tenure]
        var settlement = Settlement()
        /// Of what is being settled, what is on its way to the dead letters.
        var givenUp: Set<WorkKey> = []
        var idle: [(runner: Int, continuation: CheckedContinuation<Job?, Never>)] = []
        var isStopped = false
        var runners: [Int: Task<Void, Never>] = [:]
        var readAhead: ReadAhead
    }

    /// So many messages that were handled are acknowledged without waiting for more.
    private static let portion = 100

    private let options: ProcessOptions
    private let streams: [StreamName]
    private let consumer: String
    private let state: Mutex<State>
    /// For each stream: there is room, something is due, or all is over.
    let bells: [Bell]
    let dueBells: [Bell]
    let settlerBell = Bell()
    let clockBell = Bell()
    let endBell = Bell()

    init(_ options: ProcessOptions, _ streams: [StreamName], consumer: String) {
        self.options = options
        self.streams = streams
        self.consumer = consumer
        state = Mutex(
            State(
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
        guard let first = state.table.firstReady, state.tenures[first.stream].isCertain(at: .now) else { return nil }
        return state.table.start(runner: runner).map { Job(key: $0.key, message: $0.message) }
    }

    /// Gives what is ready to runners that wait.
    private func wake() {
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
        let (rings, wakes) = state.withLock { state -> (Bool, Bool) in
            var rings = state.settlement.handled.isEmpty && state.settlement.counts.isEmpty
            switch outcome {
            case .handled:
                guard state.table.end(key, .settling) else { return (false, false) }
                state.settlement.handled[key.stream, default: []].append(key.id)
                state.settlement.handledCount += 1
                rings = rings || state.settlement.handledCount == Self.portion
            case .failed(let error): fail(job, error, &state)
            }
            return (rings, state.table.hasReady && !state.idle.isEmpty)
        }
        if rings { settlerBell.ring() }
        if wakes { wake() }
    }

    /// Its handler was cancelled because all stops: it stays pending as it is.
    func interrupt(_ job: Job) {
        state.withLock { state in
            _ = state.table.end(job.key, .counting)
            state.table.wait(job.key, until: .now)
        }
    }

    private func fail(_ job: Job, _ error: any Error, _ state: inout State) {
        let key = job.key
        guard let row = state.table.rows[key] else { return }
        if row.isLost {
            state.table.remove(key)
            return
        }
        let attempts = row.begun
        let reason: String? =
            switch error {
            case let error as MessageRejected: "rejected: \(error.reason)"
            case let error as MalformedMessage: "malformed: \(error.reason)"
            default: options.attempts.map { attempts >= $0 } ?? false ? "exhausted: \(error)" : nil
            }
        if let reason {
            _ = state.table.end(key, .settling)
            state.givenUp.insert(key)
            state.settlement.letters.append(
                GivenUp(
                    key: key, reason: reason, attempts: attempts, consumer: consumer, fields: job.message.fields))
            return
        }
        let wait = options.backoff.delay(afterAttempt: attempts, of: key.id)
        _ = state.table.end(key, .counting)
        state.settlement.counts[key.stream, default: []].append((key.id, attempts, .now + wait))
        options.observer?.willRetry(job.message, after: wait, because: error)
    }

    // MARK: - Sessions

    func add(_ messages: [(EntryID, Message)], _ stream: Int) {
        guard !messages.isEmpty else { return }
        let now = MonotonicTime.now
        state.withLock { state in
            for (id, message) in messages {
                state.table.add(message, WorkKey(stream: stream, id: id), lane: lane(message), at: now)
            }
        }
        wake()
    }

    func adopt(_ id: EntryID, _ stream: Int, begun: Int, after wait: Duration, lane: String?) {
        let now = MonotonicTime.now
        state.withLock {
            $0.table.adopt(WorkKey(stream: stream, id: id), begun: begun, due: now + wait, lane: lane, at: now)
        }
        clockBell.ring()
    }

    func lane(_ message: Message) -> String? {
        if case .byKey(let key) = options.order { key(message) } else { nil }
    }

    func holds(_ id: EntryID, _ stream: Int) -> Bool {
        state.withLock { $0.table.rows[WorkKey(stream: stream, id: id)] != nil }
    }

    /// Whether it is held without its fields.
    func isParked(_ id: EntryID, _ stream: Int) -> Bool {
        state.withLock {
            $0.table.rows[WorkKey(stream: stream, id: id)].map { $0.message == nil && $0.state != .running } ?? false
        }
    }

    /// How many entries may be read.
    ///
    /// - Parameters:
    ///   - coming: entries that may come with reads that were sent.
    ///   - wasFull: whether the last read brought all that was asked for.
    func room(coming: Int, wasFull: Bool) -> Int {
        state.withLock { state in
            guard state.table.parked < options.maximumWaiting else { return 0 }
            if wasFull, coming == 0, !state.table.hasReady, state.table.running < options.concurrency {
                state.readAhead.ranDry()
            }
            return max(0, min(options.count, state.readAhead.limit - state.table.occupied - coming))
        }
    }

    var mayAdopt: Bool { state.withLock { $0.table.parked < options.maximumWaiting } }

    func count(_ stream: Int) -> Int { state.withLock { $0.table.rows.keys.count { $0.stream == stream } } }

    func ids(_ stream: Int) -> [EntryID] {
        state.withLock { $0.table.rows.keys.filter { $0.stream == stream }.map(\.id) }
    }

    struct Held: Sendable {
        let id: EntryID
        /// Attempts that were begun.
        let begun: Int
        /// As Redis counts them.
        let count: Int
        let isRunning: Bool
        let hasMessage: Bool
        let touchedAt: MonotonicTime
    }

    /// What is held and nothing is being told of.
    func held(_ stream: Int) -> [Held] {
        state.withLock { state in
            state.table.rows.compactMap { key, row in
                guard key.stream == stream, row.state != .settling, row.state != .fetching, !row.isLost else {
                    return nil
                }
                return Held(
                    id: key.id, begun: row.begun, count: row.state == .ready ? row.begun + 1 : row.begun,
                    isRunning: row.state == .running, hasMessage: row.message != nil || row.state == .running,
                    touchedAt: row.touchedAt)
            }
        }
    }

    /// What a group that was made anew has to know as ours, and as Redis counts it: all but what was handled.
    func unsettled(_ stream: Int) -> [(id: EntryID, attempts: Int)] {
        state.withLock { state in
            state.table.rows.compactMap { key, row in
                guard key.stream == stream, !row.isLost, row.state != .settling || state.givenUp.contains(key) else {
                    return nil
                }
                return (key.id, row.state == .ready ? row.begun + 1 : row.begun)
            }
        }
    }

    func touch(_ ids: [EntryID], _ stream: Int) {
        let now = MonotonicTime.now
        state.withLock { state in
            for id in ids { state.table.touch(WorkKey(stream: stream, id: id), at: now) }
        }
    }

    /// They are another's by now.
    func lose(_ ids: some Sequence<EntryID>, _ stream: Int) {
        var lost: [(EntryID, isRunning: Bool)] = []
        var cancelled: [Int] = []
        state.withLock { state in
            for id in ids {
                let key = WorkKey(stream: stream, id: id)
                guard let row = state.table.rows[key], row.state != .settling, !row.isLost else { continue }
                lost.append((id, row.state == .running))
                if row.state == .running {
                    state.table.lose(key)
                    cancelled.append(row.runner)
                } else {
                    state.table.remove(key)
                }
            }
            if options.losing == .cancel {
                for runner in cancelled { state.runners[runner]?.cancel() }
            }
        }
        for (id, isRunning) in lost { options.observer?.didLose(id, of: streams[stream], isRunning: isRunning) }
        wake()
    }

    /// It is being told of already.
    func drop(_ id: EntryID, _ stream: Int) {
        let key = WorkKey(stream: stream, id: id)
        state.withLock { state in
            if let row = state.table.rows[key], row.state != .settling, row.state != .running {
                state.table.remove(key)
            }
        }
    }

    // MARK: - Due

    func takeDue(_ stream: Int, count: Int) -> [(id: EntryID, attempt: Int)] {
        state.withLock {
            // What is due goes first: all that is in memory may be blocked by it.
            let least = $0.table.hasReady ? 0 : options.concurrency
            let room = max(least, options.window - $0.table.occupied)
            return $0.table.takeDue(stream, count: min(count, room))
        }
    }

    func putBackDue(_ ids: some Sequence<EntryID>, _ stream: Int) {
        state.withLock { $0.table.putBackDue(ids.map { WorkKey(stream: stream, id: $0) }) }
    }

    func didFetch(_ messages: [Message], _ stream: Int) {
        let now = MonotonicTime.now
        state.withLock { state in
            for message in messages {
                state.table.didFetch(WorkKey(stream: stream, id: message.id), message, at: now)
            }
        }
        wake()
    }

    /// What is due now is handed to the sessions; returns how long it is until more is.
    func collectDue() -> Duration? {
        let now = MonotonicTime.now
        let (soonest, streams) = state.withLock { state in
            state.table.collectDue(at: now)
            return (state.table.soonest, state.table.due.filter { !$0.value.isEmpty }.map(\.key))
        }
        for stream in streams { dueBells[stream].ring() }
        return soonest.map { max(.milliseconds(1), $0 - now) }
    }

    /// They were not found: due again soon, unless they turn out to be another's.
    func rest(_ ids: some Sequence<EntryID>, _ stream: Int) {
        let due = MonotonicTime.now + .milliseconds(100)
        state.withLock { state in
            for id in ids { state.table.wait(WorkKey(stream: stream, id: id), until: due) }
        }
        clockBell.ring()
    }

    /// What is held and was not begun since it was read or fetched, with the attempts that were.
    func unbegun(_ stream: Int) -> [(id: EntryID, attempts: Int)] {
        state.withLock { state in
            state.table.rows.compactMap { key, row in
                guard key.stream == stream else { return nil }
                switch row.state {
                case .ready, .fetching: return (key.id, row.begun)
                case .blocked where row.begun == 0: return (key.id, 0)
                default: return nil
                }
            }
        }
    }

    // MARK: - Settling

    func bury(_ burial: GivenUp) {
        state.withLock { state in
            if state.table.rows[burial.key] != nil { state.table.giveUp(burial.key) }
            state.givenUp.insert(burial.key)
            state.settlement.letters.append(burial)
        }
        settlerBell.ring()
    }

    var hasLetters: Bool { state.withLock { !$0.settlement.letters.isEmpty } }

    var isPortionHandled: Bool { state.withLock { $0.settlement.handledCount >= Self.portion } }

    func takeSettlement() -> Settlement {
        state.withLock { state in
            defer { state.settlement = Settlement() }
            return state.settlement
        }
    }

    /// Those could not be told.
    func putBack(_ settlement: Settlement) {
        state.withLock { state in
            state.settlement.handled.merge(settlement.handled) { $1 + $0 }
            state.settlement.handledCount += settlement.handled.values.reduce(0) { $0 + $1.count }
            state.settlement.counts.merge(settlement.counts) { $1 + $0 }
            state.settlement.letters = settlement.letters + state.settlement.letters
        }
    }

    func didSettle(_ ids: [EntryID], _ stream: Int) {
        let now = MonotonicTime.now
        state.withLock { state in
            for id in ids {
                let key = WorkKey(stream: stream, id: id)
                state.table.remove(key)
                if !state.givenUp.isEmpty { state.givenUp.remove(key) }
            }
            state.readAhead.didSettle(ids.count, at: now)
        }
        bells[stream].ring()
        wake()
        clockBell.ring()
    }

    func didCount(_ counts: [(id: EntryID, attempts: Int, due: MonotonicTime)], _ stream: Int) {
        state.withLock { state in
            for count in counts { state.table.wait(WorkKey(stream: stream, id: count.id), until: count.due) }
        }
        clockBell.ring()
        bells[stream].ring()
    }

    var isSettled: Bool {
        state.withLock { state in
            state.settlement.isEmpty
                && !state.table.rows.values.contains { $0.state == .settling || $0.state == .counting }
        }
    }

    // MARK: - Tenure

    func tenure<Result: Sendable>(_ stream: Int, _ body: @Sendable (inout Tenure) -> Result) -> Result {
        let result = state.withLock { body(&$0.tenures[stream]) }
        wake()
        return result
    }

    // MARK: - The end

    func keep(_ runner: Int, _ task: Task<Void, Never>) { state.withLock { $0.runners[runner] = task } }

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

    var isStopped: Bool { state.withLock { $0.isStopped } }
    var running: Int { state.withLock { $0.table.running } }

    func cancelRunners() {
        for task in state.withLock({ Array($0.runners.values) }) { task.cancel() }
    }
}
