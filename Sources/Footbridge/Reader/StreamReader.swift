internal import Curl
internal import Logging
internal import RESP
internal import Redis
internal import RedisStreams

/// Reads the new entries of one stream for one route: a blocking connection of its own, asked only for what there is room for.
final class StreamReader {
    /// New entries for the route, and whether there may be some among them that were read before.
    var onEntries: (([StreamEntry], Bool) -> Void)?
    /// The connection stands, and the group and our own pending entries have to be seen to before anything is read.
    var onConnected: (() -> Void)?

    private enum State {
        case disconnected
        /// Connected; group and pending entries are being looked at.
        case preparing
        /// May ask.
        case ready
        /// A read is outstanding.
        case reading
        /// The server refused; it is asked again after a while.
        case waiting
    }

    /// How long the server waits for an entry. Short enough that a moved group, a renamed stream or a dead server is
    /// noticed: a blocked read is not told of them.
    static let blockTime = Duration.seconds(5)

    private let worker: WorkerContext
    private let stream: String
    private let group: String
    private let logger: Logger
    private let link: RedisLink
    private var state = State.disconnected
    private var trouble: String?
    private var refusals = 0
    /// Set while the reader ends.
    private var onFinished: (() -> Void)?
    /// The highest id that was read: where the group stood, should it have to be made again.
    private(set) var lastRead: EntryID?

    /// The group was gone, and what we hold may be missing from the one that is there.
    private(set) var missedGroup = false

    /// Redis tells where the group stands.
    func stands(at id: EntryID) { lastRead = max(lastRead ?? id, id) }

    init(stream: String, group: String, worker: WorkerContext, logger: Logger) {
        self.worker = worker
        self.stream = stream
        self.group = group
        self.logger = logger
        link = worker.makeLink()
    }

    func start() {
        link.onUp = { [unowned self] _ in
            worker.health.isUp(link)
            prepare()
        }
        link.onDown = { [unowned self] error in
            worker.health.isDown(link, error)
            state = .disconnected
            if onFinished != nil { hangUp() }
        }
        link.start()
    }

    /// Closes the connection. Entries that the server sends at this moment stay pending, as if they had been begun.
    func stop() {
        link.stop()
        state = .disconnected
    }

    /// Stops in good order: the server is asked to end the read that is outstanding, and its answer is waited for. What
    /// it brings still goes to `onEntries`.
    func finish(_ completion: @escaping () -> Void) {
        onFinished = completion
        endRead()
    }

    private func endRead() {
        guard onFinished != nil else { return }
        guard state == .reading, let reader = link.connection?.clientID, let commands = worker.commands.connection
        else { return hangUp() }
        commands.send(["CLIENT", "UNBLOCK", reader]) { [weak self] reply in
            switch reply {
            // It does not block: the read is still on its way to the server, or the answer is on its way to us.
            case .success(.integer(0)):
                self?.worker.loop.schedule(after: .milliseconds(10)) { [weak self] in self?.endRead() }
            case .success: break
            // Not allowed, or Redis is away: no answer that we could wait for.
            case .failure: self?.hangUp()
            }
        }
    }

    private func hangUp() {
        stop()
        let completion = onFinished
        onFinished = nil
        completion?()
    }

    /// Group and pending entries have been seen to.
    func isPrepared() {
        guard state == .preparing else { return }
        missedGroup = false
        state = .ready
        if trouble != nil {
            trouble = nil
            logger.notice("reading again", metadata: [LogKeys.stream: "\(stream)"])
        }
    }

    /// The server would not let us prepare, or read: told once, tried again with growing waits.
    func isRefused(_ error: RedisError, missedGroup: Bool = false) {
        if missedGroup { self.missedGroup = true }
        guard state != .disconnected, state != .waiting else { return }
        guard !error.endsConnection else { return }
        if error.serverError?.kind == .noGroup { self.missedGroup = true }
        state = .waiting
        let text = "\(error)"
        if trouble != text {
            trouble = text
            logger.error("cannot read", metadata: [LogKeys.stream: "\(stream)", LogKeys.error: "\(text)"])
        }
        refusals += 1
        worker.loop.schedule(after: .milliseconds(min(10_000, 100 << min(refusals, 7)))) { [weak self] in
            guard let self, state == .waiting else { return }
            prepare()
        }
    }

    /// To be called again when preparing has to wait for another connection.
    var isPreparing: Bool { state == .preparing }
    var isReady: Bool { state == .ready }
    var isReading: Bool { state == .reading }

    /// Why nothing is read; `nil` while a read is outstanding, or is made as soon as there is room.
    var obstacle: String? {
        switch state {
        case .ready, .reading: nil
        case .disconnected: "not connected"
        case .preparing: trouble ?? "its pending entries are being looked at"
        case .waiting: trouble ?? "refused"
        }
    }

    /// Something that only preparing can mend was noticed elsewhere. A read that is outstanding will be told by itself.
    func prepareAgain(missedGroup: Bool) {
        guard state == .ready else { return }
        self.missedGroup = missedGroup
        prepare()
    }

    private func prepare() {
        state = .preparing
        onConnected?()
    }

    /// Asks for at most `count` entries.
    func read(_ count: Int) {
        guard state == .ready, let connection = link.connection else { return }
        state = .reading
        // Some servers restart the blocking time when another consumer is quicker (redis #12998): a wide margin.
        let deadline = Self.blockTime * 3
        connection.send(
            .readGroup(group, consumer: worker.consumer, stream: stream, count: count, block: Self.blockTime),
            deadline: deadline
        ) { [weak self] in self?.received($0) }
    }

    private func received(_ result: Result<[StreamEntry], RedisError>) {
        guard state == .reading else { return }
        switch result {
        case .success(let entries):
            state = .ready
            refusals = 0
            let again = entries.first.map { $0.id <= lastRead ?? .zero } ?? false
            if let last = entries.last { stands(at: last.id) }
            onEntries?(entries, again)
        case .failure(let error): isRefused(error)
        }
        if onFinished != nil { hangUp() }
    }
}
