internal import FootbridgeCurl
internal import Synchronization

/// What sessions put in and take out: messages that were read, what is due again, and what is another's by now.
extension WorkBoard {
    func add(_ messages: [(EntryID, Message)], _ stream: Int) {
        guard !messages.isEmpty else { return }
        let now = MonotonicTime.now
        let lanes = messages.map { lane($0.1) }
        state.withLock { state in
            for ((id, message), lane) in zip(messages, lanes) {
                state.table.add(message, WorkKey(stream: stream, id: id), lane: lane, at: now)
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

    /// Whether it is held without its fields, and nothing has become of it yet.
    func isParked(_ id: EntryID, _ stream: Int) -> Bool {
        state.withLock {
            $0.table.rows[WorkKey(stream: stream, id: id)].map {
                $0.message == nil && $0.state != .running && $0.state != .settling
            } ?? false
        }
    }

    /// How many entries may be read.
    ///
    /// - Parameters:
    ///   - stream: has some room in any case: another that is in trouble may take up all there is.
    ///   - coming: entries that may come with reads that were sent.
    ///   - wasFull: whether the last read brought all that was asked for.
    func room(_ stream: Int, coming: Int, wasFull: Bool) -> Int {
        state.withLock { state in
            guard state.table.parked < options.maximumWaiting else { return 0 }
            if wasFull, coming == 0, !state.table.hasReady, state.table.running < options.concurrency {
                state.readAhead.ranDry()
            }
            let least = options.concurrency - state.table.occupied(of: stream)
            let room = max(least, state.readAhead.limit - state.table.occupied) - coming
            return max(0, min(options.count, room))
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
        /// What became of it is being told.
        let isSettling: Bool
        let touchedAt: MonotonicTime
    }

    /// What is held. What was handled or given up, and Redis is being told so, is left out unless `withSettling`.
    func held(_ stream: Int, withSettling: Bool = false) -> [Held] {
        state.withLock { state in
            state.table.rows.compactMap { key, row in
                guard key.stream == stream, row.state != .fetching, !row.isLost else { return nil }
                guard withSettling || row.state != .settling else { return nil }
                return Held(
                    id: key.id, begun: row.begun, count: row.state == .ready ? row.begun + 1 : row.begun,
                    isRunning: row.state == .running, hasMessage: row.message != nil || row.state == .running,
                    isSettling: row.state == .settling, touchedAt: row.touchedAt)
            }
        }
    }

    /// What Redis should have as ours: what is held, and what is given up and is no dead letter yet.
    func expected(_ stream: Int) -> Set<EntryID> {
        state.withLock { state in
            var ids: Set<EntryID> = []
            for (key, row) in state.table.rows where key.stream == stream && row.state != .fetching && !row.isLost {
                if row.state != .settling || state.givenUp[key]?.mayBeWritten == false { ids.insert(key.id) }
            }
            return ids
        }
    }

    /// What a group that does not know it has to know as ours, and as Redis counts it: all but what was handled.
    ///
    /// - Parameter isSameGroup: the group lost what it had of us. It may have had more than we know: what may be among the dead
    ///   letters is not put back.
    func unsettled(_ stream: Int, isSameGroup: Bool = false) -> [(id: EntryID, attempts: Int)] {
        state.withLock { state in
            state.table.rows.compactMap { key, row in
                guard key.stream == stream, !row.isLost else { return nil }
                if row.state == .settling {
                    guard let burial = state.givenUp[key], !isSameGroup || !burial.mayBeWritten else { return nil }
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
        let cancelled = state.withLock { state -> [Task<Void, Never>] in
            var runners: [Int] = []
            for id in ids {
                let key = WorkKey(stream: stream, id: id)
                guard let row = state.table.rows[key], row.state != .settling, !row.isLost else { continue }
                lost.append((id, row.state == .running))
                if row.state == .running {
                    state.table.lose(key)
                    runners.append(row.runner)
                } else {
                    state.table.remove(key)
                }
            }
            guard options.losing == .cancel else { return [] }
            state.leaving.formUnion(runners)
            return runners.compactMap { state.runners[$0] }
        }
        // What a handler does when it is cancelled is not done under the lock.
        for task in cancelled { task.cancel() }
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
        wakeNext()
    }

    /// Something has left its place in the order of its key: the next may be ready, or due.
    func wakeNext() {
        wake()
        clockBell.ring()
    }

    // MARK: - Due

    func takeDue(_ stream: Int, count: Int) -> [(id: EntryID, attempt: Int)] {
        state.withLock {
            // What is due goes first: all that is in memory may be blocked by it.
            let least = $0.table.hasReady ? options.concurrency - $0.table.occupied(of: stream) : options.concurrency
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

    // MARK: - Tenure

    func tenure<Result: Sendable>(_ stream: Int, _ body: @Sendable (inout Tenure) -> Result) -> Result {
        let result = state.withLock { body(&$0.tenures[stream]) }
        wake()
        return result
    }
}
