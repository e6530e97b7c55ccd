internal import FootbridgeCurl
internal import Synchronization

/// What the settler takes out, to tell Redis of it.
extension WorkBoard {
    /// What Redis is to be told.
    struct Settlement: Sendable {
        var handled: [Int: [EntryID]] = [:]
        var handledCount = 0
        /// Attempts that failed, and when the entry is due again.
        var counts: [Int: [Count]] = [:]

        var isEmpty: Bool { handled.isEmpty && counts.isEmpty }
    }

    typealias Count = (id: EntryID, attempts: Int, due: MonotonicTime)

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
        /// It is there, and the entry is still pending.
        var isWritten = false
        var retryAt: MonotonicTime?

        func retried(at time: MonotonicTime) -> GivenUp {
            var burial = self
            burial.retryAt = time
            return burial
        }
    }

    /// How far an entry that is given up has come.
    struct Burying: Sendable {
        /// Its letter is being written, or was sent before and no answer came.
        var mayBeWritten = false
        /// It is no longer in the stream, and pending for nobody.
        var isDisowned = false
    }

    func bury(_ burial: GivenUp) {
        state.withLock { state in
            if state.table.rows[burial.key] != nil { state.table.giveUp(burial.key) }
            state.givenUp[burial.key] = Burying()
            state.letters.append(burial)
        }
        letterBell.ring()
        wakeNext()
    }

    func takeLetters() -> [GivenUp] {
        state.withLock { state in
            defer { state.letters = [] }
            return state.letters
        }
    }

    /// Its letter is being written.
    ///
    /// - Returns: whether it may have been before.
    func beginWriting(_ key: WorkKey) -> Bool {
        state.withLock { state in
            defer { state.givenUp[key]?.mayBeWritten = true }
            return state.givenUp[key]?.mayBeWritten ?? false
        }
    }

    /// No letter came of it.
    ///
    /// - Parameter mayBeWritten: or nobody can tell.
    func endWriting(_ key: WorkKey, mayBeWritten: Bool) {
        state.withLock { $0.givenUp[key]?.mayBeWritten = mayBeWritten }
    }

    /// It is pending for nobody any more, and cannot be put back.
    func disown(_ id: EntryID, _ stream: Int) {
        state.withLock { $0.givenUp[WorkKey(stream: stream, id: id)]?.isDisowned = true }
    }

    /// Those whose letters are not written.
    var disowned: [WorkKey] { state.withLock { $0.givenUp.filter(\.value.isDisowned).map(\.key) } }

    func isDisowned(_ key: WorkKey) -> Bool { state.withLock { $0.givenUp[key]?.isDisowned ?? false } }

    var isPortionHandled: Bool { state.withLock { $0.settlement.handledCount >= Self.portion } }

    func takeSettlement() -> Settlement {
        state.withLock { state in
            defer { state.settlement = Settlement() }
            return state.settlement
        }
    }

    func didSettle(_ ids: [EntryID], _ stream: Int) {
        let now = MonotonicTime.now
        state.withLock { state in
            for id in ids {
                let key = WorkKey(stream: stream, id: id)
                state.table.remove(key)
                if !state.givenUp.isEmpty { state.givenUp[key] = nil }
            }
            state.readAhead.didSettle(ids.count, at: now)
        }
        bells[stream].ring()
        wake()
        clockBell.ring()
        ringIfStopped()
    }

    func didCount(_ counts: [Count], _ stream: Int) {
        state.withLock { state in
            for count in counts { state.table.wait(WorkKey(stream: stream, id: count.id), until: count.due) }
        }
        clockBell.ring()
        bells[stream].ring()
        ringIfStopped()
    }

    var isSettled: Bool {
        state.withLock { state in
            state.settlement.isEmpty && state.givenUp.isEmpty
                && !state.table.rows.values.contains { $0.state == .settling || $0.state == .counting }
        }
    }
}
