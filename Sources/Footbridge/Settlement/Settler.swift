internal import Curl
internal import Logging
internal import RESP
internal import Redis
internal import RedisStreams

/// Tells Redis how entries ended. The only place that acknowledges, counts attempts, and buries.
///
/// Everything is kept until Redis has confirmed it, and sent again after an error or on the next connection: each command
/// may run twice without harm. What is not confirmed counts against the route's window, so a route whose Redis is away
/// stops reading.
final class Settler {
    private let route: RouteConfig
    private let worker: WorkerContext
    private let counters: RouteCounters
    private let logger: Logger

    private var acknowledgements: [[EntryID]]
    private var attemptCounts: [EntryKey: Int] = [:]
    private var deadLetters: [DeadLetter] = []
    /// Sent, and not confirmed yet.
    private var sentAcknowledgements: [Int: (stream: Int, ids: [EntryID])] = [:]
    private var sentLetters: [Int: DeadLetter] = [:]
    /// Written, and maybe not on enough replicas.
    private var unreplicatedLetters: [Int: DeadLetter] = [:]
    /// How often what is held of each stream was put back into its group.
    private var restorations: [Int]
    private var sentCounts = 0
    private var isFlushScheduled = false
    private var commandNumber = 0
    /// What Redis refuses.
    private var troubles: [Duty: Trouble] = [:]

    /// What may be refused while the rest goes on: a stream, or its dead-letter stream, may be of the wrong type, and a user
    /// may acknowledge and not claim.
    fileprivate struct Duty: Hashable {
        enum Kind { case acknowledging, counting, burying }

        let kind: Kind
        let stream: Int
    }

    /// A server that refuses: `refusing` until it is asked again, `probing` until it has answered that.
    private enum Trouble { case refusing, probing }
    /// Called when something was confirmed: there may be room again.
    var onProgress: () -> Void = {}
    /// Whether an entry of a stream that is not ours may only be missing from its group, which is another than before.
    var mayBeMissing: (_ stream: Int, _ mark: String?) -> Bool = { _, _ in false }

    init(route: RouteConfig, worker: WorkerContext, counters: RouteCounters, logger: Logger) {
        self.route = route
        self.worker = worker
        self.counters = counters
        self.logger = logger
        acknowledgements = Array(repeating: [], count: route.streams.count)
        restorations = Array(repeating: 0, count: route.streams.count)
    }

    /// Entries whose end Redis has not confirmed.
    private(set) var unconfirmed = 0

    func acknowledge(_ key: EntryKey) {
        acknowledgements[key.stream].append(key.id)
        unconfirmed += 1
    }

    /// Writes how many attempts an entry has had, which also starts its wait: delivery time = now.
    func setAttempts(_ attempts: Int, of key: EntryKey) { attemptCounts[key] = attempts }

    /// An entry that is fetched for its next attempt: fetching counts by itself.
    func forgetAttempts(of key: EntryKey) { attemptCounts[key] = nil }

    /// Fetching went through, which counts attempts.
    func attemptsAreCounted(of stream: Int) { recovered(.counting, stream) }

    func bury(_ letter: DeadLetter) {
        unconfirmed += 1
        guard route.deadLetter.name(for: letter.stream) != nil else {
            counters.dead += 1
            acknowledgements[letter.key.stream].append(letter.key.id)
            logger.warning("entry dropped: the dead letter is off", metadata: metadata(letter))
            return
        }
        deadLetters.append(letter)
    }

    /// Whether everything is confirmed.
    var isDone: Bool { unconfirmed == 0 && attemptCounts.isEmpty && sentCounts == 0 }

    /// Dead letters that Redis has not confirmed, with their attempts.
    var unburied: [(key: EntryKey, attempts: Int)] {
        (deadLetters + sentLetters.values).map { ($0.key, $0.attempts) }
    }

    /// Entries that are being settled: they may still be pending in Redis, and are not to be delivered again.
    var settlingKeys: [EntryKey] {
        var keys = unburied.map(\.key) + unreplicatedLetters.values.map(\.key)
        for stream in acknowledgements.indices {
            keys += acknowledgements[stream].map { EntryKey(stream: stream, id: $0) }
        }
        for batch in sentAcknowledgements.values { keys += batch.ids.map { EntryKey(stream: batch.stream, id: $0) } }
        return keys
    }

    /// Sends what is queued. To be called at the end of a turn and whenever a connection comes up.
    func flush() {
        let settling = worker.settling
        if let settling {
            for stream in acknowledgements.indices where !acknowledgements[stream].isEmpty {
                if isAllowed(.acknowledging, stream) { sendAcknowledgements(stream, on: settling) }
            }
        }
        // These never wait for replicas: an entry that is fetched for its next attempt must not be overtaken by them.
        if !attemptCounts.isEmpty, let commands = worker.commands.connection { sendAttempts(on: commands) }
        if let settling, !deadLetters.isEmpty { flushLetters(on: settling) }
    }

    /// A few at a time: acknowledgements and signs of life of all routes must not wait behind megabytes.
    private func flushLetters(on connection: RedisConnection) {
        let letters = deadLetters
        deadLetters = []
        var mustWait = false
        for letter in letters {
            if !isAllowed(.burying, letter.key.stream) {
                deadLetters.append(letter)
            } else if connection.unsentBytes < 256 * 1024 {
                send(letter, on: connection)
            } else {
                mustWait = true
                deadLetters.append(letter)
            }
        }
        guard mustWait, !isFlushScheduled else { return }
        isFlushScheduled = true
        worker.loop.schedule(after: .milliseconds(20)) { [weak self] in
            self?.isFlushScheduled = false
            self?.flush()
        }
    }

    private func sendAcknowledgements(_ stream: Int, on connection: RedisConnection) {
        let ids = acknowledgements[stream]
        acknowledgements[stream].removeAll(keepingCapacity: true)
        commandNumber += 1
        let number = commandNumber
        sentAcknowledgements[number] = (stream, ids)
        connection.send(.acknowledge(ids, stream: route.streams[stream], group: route.group)) { [self] result in
            switch result {
            case .success(let count):
                // Settled before, by an instance that had taken the entry over, or the group is gone: not an error.
                counters.acknowledgedTwice += ids.count - min(count, ids.count)
                recovered(.acknowledging, stream)
                worker.whenReplicated { [self] in acknowledged(number, isConfirmed: $0) }
            case .failure(.server(let error)) where error.kind == .wrongType:
                // No stream, no group, nothing pending: as if it was gone, for which XACK says 0.
                counters.acknowledgedTwice += ids.count
                acknowledged(number, isConfirmed: true)
            case .failure(let error):
                acknowledged(number, isConfirmed: false)
                refused(.acknowledging, stream, error)
            }
        }
    }

    private func acknowledged(_ number: Int, isConfirmed: Bool) {
        guard let (stream, ids) = sentAcknowledgements.removeValue(forKey: number) else { return }
        guard isConfirmed else { return acknowledgements[stream].append(contentsOf: ids) }
        unconfirmed -= ids.count
        onProgress()
    }

    private func sendAttempts(on connection: RedisConnection) {
        let counts = attemptCounts
        attemptCounts = [:]
        for (stream, counts) in Dictionary(grouping: counts, by: \.key.stream) {
            guard isAllowed(.counting, stream) else {
                attemptCounts.merge(counts.map { ($0.key, $0.value) }) { $1 }
                continue
            }
            for portion in counts.portions(of: PendingScript<Int>.portion) {
                sendAttempts(portion, of: stream, on: connection)
            }
        }
    }

    private func sendAttempts(
        _ counts: ArraySlice<(key: EntryKey, value: Int)>, of stream: Int, on connection: RedisConnection
    ) {
        sentCounts += 1
        let script = PendingScript.setAttempts(
            counts.map { ($0.key.id, $0.value) }, stream: route.streams[stream], group: route.group,
            consumer: worker.consumer)
        connection.send(script) { [self] result in
            sentCounts -= 1
            switch result {
            case .success:
                recovered(.counting, stream)
                onProgress()
            case .failure(.server(let error)) where error.kind == .wrongType || error.kind == .noGroup: onProgress()
            case .failure(let error):
                for (key, attempts) in counts where attemptCounts[key] == nil { attemptCounts[key] = attempts }
                refused(.counting, stream, error)
            }
        }
    }

    private func send(_ letter: DeadLetter, on connection: RedisConnection) {
        var letter = letter
        letter.restorations = restorations[letter.key.stream]
        guard let target = route.deadLetter.name(for: letter.stream) else { return }
        commandNumber += 1
        let number = commandNumber
        sentLetters[number] = letter
        let command =
            letter.goesInTwoSteps
            ? RESPCommand("XADD", arguments: [target, "*"] + letter.arguments) : letter.command(into: target)
        connection.send(command) { [self] in buried(letter, number, $0) }
    }

    /// What is held of a stream was put back into its group: letters that were under way meanwhile may have met it before.
    func isRestored(_ stream: Int) { restorations[stream] += 1 }

    /// Nobody has these entries any more: their letters are written without looking for an owner.
    func disown(_ keys: Set<EntryKey>) {
        for place in deadLetters.indices where keys.contains(deadLetters[place].key) {
            deadLetters[place].isOwnerless = true
        }
        for (number, letter) in sentLetters where keys.contains(letter.key) {
            sentLetters[number]?.isOwnerless = true
        }
    }

    private func buried(_ letter: DeadLetter, _ number: Int, _ reply: Result<RESPValue, RedisError>) {
        let owner = (try? reply.get())?.elements
        if let owner {
            let stream = letter.key.stream
            guard letter.restorations == restorations[stream], !mayBeMissing(stream, owner.first?.text) else {
                return sendLater(number)
            }
        }
        let letter = sentLetters.removeValue(forKey: number) ?? letter
        switch reply {
        case .success:
            if !letter.wasWritten { count(letter, isOurs: owner == nil) }
            recovered(.burying, letter.key.stream)
            unreplicatedLetters[number] = letter
            worker.whenReplicated { [self] in written(number, isConfirmed: $0) }
        case .failure(let error):
            deadLetters.append(letter)
            refused(.burying, letter.key.stream, error)
        }
    }

    /// When its entry has been put back.
    private func sendLater(_ number: Int) {
        worker.loop.schedule(after: .milliseconds(200)) { [weak self] in
            guard let self, let letter = sentLetters.removeValue(forKey: number) else { return }
            deadLetters.append(letter)
            flush()
        }
    }

    private func count(_ letter: DeadLetter, isOurs: Bool) {
        guard isOurs else { return counters.lostOwnership += 1 }
        counters.dead += 1
        logger.warning("entry dead-lettered", metadata: metadata(letter))
    }

    private func written(_ number: Int, isConfirmed: Bool) {
        guard var letter = unreplicatedLetters.removeValue(forKey: number) else { return }
        if !isConfirmed {
            letter.wasWritten = true
            deadLetters.append(letter)
        } else if letter.goesInTwoSteps {
            acknowledgements[letter.key.stream].append(letter.key.id)
        } else {
            unconfirmed -= 1
        }
        onProgress()
    }

    private func metadata(_ letter: DeadLetter) -> Logger.Metadata {
        [
            LogKeys.stream: "\(letter.stream)", LogKeys.entry: "\(letter.key.id)",
            LogKeys.reason: "\(letter.reason.text)", LogKeys.attempt: "\(letter.attempts)",
        ]
    }

    // MARK: - Trouble

    private func isAllowed(_ kind: Duty.Kind, _ stream: Int) -> Bool {
        troubles.isEmpty || troubles[Duty(kind: kind, stream: stream)] != .refusing
    }

    /// What a lost connection left over is sent on the next one; a server that refuses is asked again after a while.
    private func refused(_ kind: Duty.Kind, _ stream: Int, _ error: RedisError) {
        let duty = Duty(kind: kind, stream: stream)
        guard !error.endsConnection, isAllowed(kind, stream) else { return }
        if troubles.updateValue(.refusing, forKey: duty) == nil {
            logger.error(
                kind.refusal, metadata: [LogKeys.stream: "\(route.streams[stream])", LogKeys.error: "\(error)"])
        }
        worker.loop.schedule(after: kind.patience) { [weak self] in
            guard let self else { return }
            troubles[duty] = .probing
            flush()
        }
    }

    private func recovered(_ kind: Duty.Kind, _ stream: Int) {
        guard !troubles.isEmpty else { return }
        let duty = Duty(kind: kind, stream: stream)
        // What was sent before the refusal may have gone through: that says nothing.
        guard troubles[duty] == .probing else { return }
        troubles[duty] = nil
        logger.notice(kind.recovery, metadata: [LogKeys.stream: "\(route.streams[stream])"])
    }
}

extension Settler.Duty.Kind {
    fileprivate var refusal: Logger.Message {
        switch self {
        case .acknowledging: "Redis does not settle entries; they are kept"
        case .counting: "Redis does not count attempts; their entries are kept"
        case .burying: "dead letters cannot be written; their entries are kept"
        }
    }

    fileprivate var recovery: Logger.Message {
        switch self {
        case .acknowledging: "Redis settles entries again"
        case .counting: "Redis counts attempts again"
        case .burying: "dead letters are written again"
        }
    }

    /// Until it is asked again. A dead letter has to be sent whole each time.
    fileprivate var patience: Duration { self == .burying ? .seconds(5) : .seconds(1) }
}
