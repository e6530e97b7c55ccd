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
    private var sentCounts = 0
    private var isFlushScheduled = false
    private var commandNumber = 0
    /// Each stream has troubles of its own: one of the wrong type must not hold up the others.
    private var troubles: [Trouble]
    /// And so has each dead-letter stream, by the stream that its letters come from.
    private var letterTroubles: [Trouble]

    /// A server that refuses: `refusing` until it is asked again, `probing` until it has answered that.
    private enum Trouble { case none, refusing, probing }
    /// Called when something was confirmed: there may be room again.
    var onProgress: () -> Void = {}

    init(route: RouteConfig, worker: WorkerContext, counters: RouteCounters, logger: Logger) {
        self.route = route
        self.worker = worker
        self.counters = counters
        self.logger = logger
        acknowledgements = Array(repeating: [], count: route.streams.count)
        troubles = Array(repeating: .none, count: route.streams.count)
        letterTroubles = troubles
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
            for stream in troubles.indices where troubles[stream] != .refusing && !acknowledgements[stream].isEmpty {
                sendAcknowledgements(stream, on: settling)
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
            if letterTroubles[letter.key.stream] == .refusing {
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
                recovered(stream)
                worker.whenReplicated { [self] in acknowledged(number, isConfirmed: $0) }
            case .failure(.server(let error)) where error.kind == .wrongType:
                // No stream, no group, nothing pending: as if it was gone, for which XACK says 0.
                counters.acknowledgedTwice += ids.count
                acknowledged(number, isConfirmed: true)
            case .failure(let error):
                acknowledged(number, isConfirmed: false)
                troubled(error, stream)
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
            guard troubles[stream] != .refusing else {
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
            case .success: recovered(stream)
            case .failure(.server(let error)) where error.kind == .wrongType || error.kind == .noGroup: onProgress()
            case .failure(let error):
                for (key, attempts) in counts where attemptCounts[key] == nil { attemptCounts[key] = attempts }
                troubled(error, stream)
            }
        }
    }

    private func send(_ letter: DeadLetter, on connection: RedisConnection) {
        guard let target = route.deadLetter.name(for: letter.stream) else { return }
        commandNumber += 1
        let number = commandNumber
        sentLetters[number] = letter
        let command =
            letter.goesInTwoSteps
            ? RESPCommand("XADD", arguments: [target, "*"] + letter.arguments) : letter.command(into: target)
        connection.send(command) { [self] in buried(letter, number, $0) }
    }

    private func buried(_ letter: DeadLetter, _ number: Int, _ reply: Result<RESPValue, RedisError>) {
        sentLetters[number] = nil
        switch reply {
        case .success(let value):
            if !letter.wasWritten { count(letter, isOurs: value != .null) }
            if letterTroubles[letter.key.stream] == .probing {
                letterTroubles[letter.key.stream] = .none
                logger.notice("dead letters are written again", metadata: [LogKeys.stream: "\(letter.stream)"])
            }
            unreplicatedLetters[number] = letter
            worker.whenReplicated { [self] in written(number, isConfirmed: $0) }
        case .failure(let error):
            deadLetters.append(letter)
            let stream = letter.key.stream
            refused(
                error, &letterTroubles[stream], stream, after: .seconds(5),
                "dead letters cannot be written; their entries are kept"
            ) { $0.letterTroubles[stream] = .probing }
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

    /// What a lost connection left over is sent on the next one; a server that refuses is asked again after a while.
    private func refused(
        _ error: RedisError, _ trouble: inout Trouble, _ stream: Int, after delay: Duration, _ message: Logger.Message,
        _ askAgain: @escaping (Settler) -> Void
    ) {
        guard !error.endsConnection, trouble != .refusing else { return }
        if trouble == .none {
            logger.error(
                message, metadata: [LogKeys.stream: "\(route.streams[stream])", LogKeys.error: "\(error)"])
        }
        trouble = .refusing
        worker.loop.schedule(after: delay) { [weak self] in
            guard let self else { return }
            askAgain(self)
            flush()
        }
    }

    private func troubled(_ error: RedisError, _ stream: Int) {
        refused(error, &troubles[stream], stream, after: .seconds(1), "Redis does not settle entries; they are kept") {
            $0.troubles[stream] = .probing
        }
    }

    private func recovered(_ stream: Int) {
        if troubles[stream] == .probing {
            troubles[stream] = .none
            logger.notice("Redis settles entries again", metadata: [LogKeys.stream: "\(route.streams[stream])"])
        }
        onProgress()
    }
}
