internal import FootbridgeCurl
internal import Synchronization

/// What the settler takes out, to tell Redis of it.
extension WorkBoard {
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
        /// It is there, and the entry is still pending.
        var isWritten = false
        var retryAt: MonotonicTime?
    }

    func bury(_ burial: GivenUp) {
        state.withLock { state in
            if state.table.rows[burial.key] != nil { state.table.giveUp(burial.key) }
            state.givenUp.insert(burial.key)
            state.settlement.letters.append(burial)
        }
        settlerBell.ring()
        wakeNext()
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
        ringIfStopped()
    }

    func didCount(_ counts: [(id: EntryID, attempts: Int, due: MonotonicTime)], _ stream: Int) {
        state.withLock { state in
            for count in counts { state.table.wait(WorkKey(stream: stream, id: count.id), until: count.due) }
        }
        clockBell.ring()
        bells[stream].ring()
        ringIfStopped()
    }

    var isSettled: Bool {
        state.withLock { state in
            state.settlement.isEmpty
                && !state.table.rows.values.contains { $0.state == .settling || $0.state == .counting }
        }
    }
}
