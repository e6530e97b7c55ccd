/// What a stream session does next: a pure function of its state and of what happened. `StreamSession` performs it.
///
/// Before anything is read, a connection is *prepared*, step by step. When the group turns out to be another than before,
/// a new *epoch* begins: what is held is put back once, and everything is prepared anew.
package struct SessionMachine: Equatable {
    package enum State: Equatable {
        /// → preparing when the reader's connection stands
        case offline
        /// → the next step, open, rival, refused, offline
        case preparing(Step)
        /// Another process has this worker's name. → preparing, offline
        case rival
        /// Redis refused a step or a read. → preparing after a pause, offline
        case refused
        /// Entries may be read. → preparing (another group, another's lease), handing over, refused, offline
        case open
        /// Another consumer has the lease of the stream. → preparing when it may be free, offline
        case standby
        /// The stream is being left to another consumer. → preparing, offline
        case handingOver
        /// For good.
        case closed
    }

    package enum Step: Equatable {
        /// Which group is it?
        case meet
        /// It is gone: make it.
        case create
        /// Does another process have our name?
        case register
        /// It does not know what we hold.
        case restore
        /// It may have been made too far ahead.
        case putBack
        /// May this consumer read? Only where entries are kept in order: one at a time does.
        case lease
        /// What does Redis hold as ours that we do not know?
        case adopt
        /// Where does it stand?
        case locate
        /// Does Redis let us read?
        case prove
    }

    package enum Action: Equatable {
        case none
        case perform(Step)
        case open
        case standBy
        case prepareAfter(Duration)
    }

    /// Whether one consumer at a time reads the stream.
    private let isLeased: Bool
    /// The lease that this consumer has, since it was last made sure of.
    package private(set) var lease: LeaseMark?
    /// Another consumer had it when it was last asked for.
    package private(set) var standsBy = false

    package private(set) var state = State.offline
    /// Rises when the group turns out to be another than before.
    package private(set) var epoch = 0
    /// Numbers preparations: an answer to an earlier one says nothing.
    package private(set) var preparation = 0
    /// What is held is missing from the group.
    package private(set) var mustRestore = false
    package private(set) var mark: GroupMark?
    /// Where the group is known to have stood, should it have to be made again.
    package private(set) var position: EntryID?
    /// The highest id that this process read.
    package private(set) var lastRead: EntryID?
    /// The epoch in which the read was sent that is outstanding.
    package private(set) var reading: Int?
    /// It was open once: what turns up as ours later was never begun by this process.
    package private(set) var wasOpen = false
    package private(set) var refusals = 0
    /// Reads with a blocking time that were answered at once without entries, in a row.
    package private(set) var hastyAnswers = 0

    package init(isLeased: Bool = false) { self.isLeased = isLeased }

    package var isOpen: Bool { state == .open }
    /// What is held may be sent, as far as the lease goes.
    package var mayStart: Bool { !isLeased || lease != nil && state != .handingOver }
    package var isPreparing: Bool { if case .preparing = state { true } else { false } }
    /// The group is known, and this consumer in it: what it holds may be begun, and what others have left taken.
    package var isEstablished: Bool { state == .open || state == .preparing(.adopt) }
    package var mayRead: Bool { state == .open && reading == nil }

    // MARK: - Connections

    package mutating func didConnect() -> Action {
        guard state != .closed else { return .none }
        return prepare()
    }

    package mutating func didDisconnect() {
        guard state != .closed else { return }
        state = .offline
        reading = nil
        lease = nil
    }

    /// The connection for commands stands: a step whose answer was lost is taken again.
    package mutating func didConnectCommands() -> Action {
        isPreparing || state == .rival || state == .standby || state == .handingOver ? prepare() : .none
    }

    package mutating func close() { state = .closed }

    /// The stream is gone for now, and nothing of it is held: as in the beginning, but for the number that tells old answers.
    package mutating func fallAsleep() {
        guard state != .closed else { return }
        (state, reading, lease, standsBy) = (.offline, nil, nil, false)
        (mark, position, lastRead, mustRestore, wasOpen) = (nil, nil, nil, false, false)
        (refusals, hastyAnswers) = (0, 0)
        preparation += 1
    }

    /// A pause is over.
    package mutating func didWait() -> Action { state == .refused || state == .rival ? prepare() : .none }

    private mutating func prepare() -> Action {
        preparation += 1
        lease = nil
        return go(.meet)
    }

    private mutating func go(_ step: Step) -> Action {
        state = .preparing(step)
        return .perform(step)
    }

    // MARK: - Steps

    private func isAt(_ step: Step, _ number: Int) -> Bool { state == .preparing(step) && number == preparation }

    package mutating func didMeet(_ found: GroupMark, _ number: Int) -> Action {
        guard isAt(.meet, number) else { return .none }
        if let mark, mark != found { beginEpoch() }
        mark = found
        return go(.register)
    }

    package mutating func didCreate(at position: EntryID?, _ number: Int) -> Action {
        guard isAt(.create, number) else { return .none }
        if let position { stands(at: position) }
        return prepare()
    }

    /// - Parameter isOurs: whether no other process has this worker's name.
    package mutating func didRegister(isOurs: Bool, _ number: Int) -> Action {
        guard isAt(.register, number) else { return .none }
        guard isOurs else {
            state = .rival
            return .prepareAfter(.seconds(1))
        }
        return mustRestore ? go(.restore) : go(isLeased ? .lease : .adopt)
    }

    /// - Parameter origin: where the group stood when it was new.
    package mutating func didRestore(_ number: Int) -> Action {
        guard isAt(.restore, number) else { return .none }
        guard let position, let origin = mark?.origin.flatMap({ EntryID($0) }), origin > position else {
            mustRestore = false
            return go(isLeased ? .lease : .adopt)
        }
        return go(.putBack)
    }

    package mutating func didPutBack(_ number: Int) -> Action {
        guard isAt(.putBack, number) else { return .none }
        mustRestore = false
        return go(isLeased ? .lease : .adopt)
    }

    /// - Parameter lease: `nil` if another consumer has it.
    package mutating func didLease(_ lease: LeaseMark?, _ number: Int) -> Action {
        guard isAt(.lease, number) else { return .none }
        standsBy = lease == nil
        guard let lease else {
            state = .standby
            return .standBy
        }
        self.lease = lease
        return go(.adopt)
    }

    /// The lease may be free.
    package mutating func mayLead() -> Action { state == .standby ? prepare() : .none }

    /// The lease turned out to be another's, or nobody's.
    package mutating func loseLease() -> Action {
        guard isLeased, state == .open || state == .handingOver || isPreparing && lease != nil else { return .none }
        return prepare()
    }

    /// The stream is to be another consumer's: nothing is read or begun any more.
    package mutating func beginHandingOver() -> Bool {
        guard isLeased, state == .open else { return false }
        state = .handingOver
        return true
    }

    /// What was held here is another's now.
    package mutating func didHandOver() -> Action { state == .handingOver ? prepare() : .none }

    package mutating func didAdopt(_ number: Int) -> Action {
        guard isAt(.adopt, number) else { return .none }
        return go(position == nil ? .locate : .prove)
    }

    package mutating func didLocate(_ id: EntryID?, _ number: Int) -> Action {
        guard isAt(.locate, number) else { return .none }
        if let id { stands(at: id) }
        return go(.prove)
    }

    package mutating func didProve(_ number: Int) -> Action {
        guard isAt(.prove, number) else { return .none }
        state = .open
        wasOpen = true
        return .open
    }

    /// Redis knows no such group, or no such stream.
    package mutating func missGroup() -> Action {
        guard state == .open || state == .standby || isPreparing else { return .none }
        if wasOpen || position != nil { beginEpoch() }
        lease = nil
        mark = nil
        preparation += 1
        return go(.create)
    }

    /// The group's mark was seen: it is another group if that is another mark.
    package mutating func sawMark(_ name: String) -> Action {
        guard state == .open, let mark, mark.name != name else { return .none }
        return prepare()
    }

    /// What is held turned out to be missing from the group, though it is the same.
    package mutating func missEntries() -> Action {
        guard state == .open || state == .standby else { return .none }
        beginEpoch()
        return prepare()
    }

    private mutating func beginEpoch() {
        epoch += 1
        mustRestore = true
    }

    /// Redis refuses a step, or the read: asked again after growing pauses.
    package mutating func didRefuse() -> Action {
        guard state == .open || isPreparing else { return .none }
        state = .refused
        refusals += 1
        return .prepareAfter(.milliseconds(min(10_000, 100 << min(refusals, 7))))
    }

    // MARK: - Reading

    package mutating func didStartReading() { reading = epoch }

    /// - Returns: whether what came may be from a group that is gone.
    package mutating func didRead(upTo last: EntryID?) -> Bool {
        defer { reading = nil }
        refusals = 0
        if let last {
            lastRead = max(lastRead ?? last, last)
            stands(at: last)
        }
        return reading != epoch
    }

    package mutating func didFailReading() { reading = nil }

    package mutating func stands(at id: EntryID) { position = max(position ?? id, id) }

    /// The group was moved back on purpose: it stands there now.
    package mutating func wasMovedBack(to id: EntryID) {
        position = id
        lastRead = lastRead.map { min($0, id) }
    }

    /// A read that should have waited came back at once without anything. Nothing is asked again without a pause.
    ///
    /// - Returns: the pause before the next read; `nil` after a read that waited or brought something.
    package mutating func noteAnswer(isHasty: Bool) -> Duration? {
        hastyAnswers = isHasty ? hastyAnswers + 1 : 0
        return isHasty ? .milliseconds(min(1000, 100 << min(hastyAnswers - 1, 4))) : nil
    }
}
