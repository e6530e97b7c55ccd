internal import FootbridgeCurl
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import FootbridgeWebhooks

/// Commands that a sink has under way: how many may start, and what it means that there is no connection, or none any more.
///
/// **The bridge's own Redis**: without a connection nothing starts, and what was under way when it broke says nothing of
/// anybody. **Another one**: that it is away is an outage of the endpoint, as of a receiver's.
final class RedisLane {
    enum Server {
        /// The connection of the moment; `nil` while there is none, or nothing may be sent.
        case own(() -> RedisConnection?)
        case other(OtherRedis)
    }

    /// A delivery under way.
    struct Passage {
        let row: EntryTable.Row
        fileprivate let startedAt: MonotonicTime
        fileprivate let life: Int
    }

    var onFinish: (EntryTable.Row, DeliveryReport) -> Void = { _, _ in }
    var onOpen: () -> Void = {}

    private let server: Server
    private let loop: CurlLoop
    private let concurrency: Int
    private var inFlight = 0
    /// Rises when all that is under way is dropped.
    private var life = 0

    /// Commands of all routes go over one connection: signs of life must not wait behind more bytes than these.
    private static let unsentBytes = 256 * 1024

    init(_ server: Server, loop: CurlLoop, concurrency: Int) {
        self.server = server
        self.loop = loop
        self.concurrency = concurrency
        guard case .other(let other) = server else { return }
        other.observe(for: self) { [weak self] _ in self?.onOpen() }
    }

    var isOwn: Bool { if case .own = server { true } else { false } }

    var free: Int {
        switch server {
        case .own(let connection):
            guard let connection = connection(), connection.isOpen else { return 0 }
            return room(on: connection)
        case .other(let other):
            return switch other.state {
            case .pending: 0
            case .up(let connection): room(on: connection)
            // What is started fails at once: so it shows what is the matter.
            case .away: max(0, concurrency - inFlight)
            }
        }
    }

    private func room(on connection: RedisConnection) -> Int {
        // Whoever is in flight comes back to this.
        inFlight > 0 && connection.unsentBytes > Self.unsentBytes ? 0 : max(0, concurrency - inFlight)
    }

    /// Where the next command goes, or why there is no such place.
    private var connection: Result<RedisConnection, RedisError> {
        switch server {
        case .own(let connection): connection().map { .success($0) } ?? .failure(.closed)
        case .other(let other):
            switch other.state {
            case .pending: .failure(.closed)
            case .up(let connection): .success(connection)
            case .away(let error): .failure(error)
            }
        }
    }

    var openConnection: RedisConnection? {
        guard case .success(let connection) = connection, connection.isOpen else { return nil }
        return connection
    }

    /// Begins a delivery. `send` is called with its connection; without one the delivery ends in the next turn.
    func begin(_ row: EntryTable.Row, _ send: (Passage, RedisConnection) -> Void) {
        let passage = Passage(row: row, startedAt: loop.now, life: life)
        inFlight += 1
        switch connection {
        case .success(let connection) where connection.isOpen: send(passage, connection)
        case .success: loop.schedule(after: .zero) { [self] in fail(passage, .closed) }
        case .failure(let error): loop.schedule(after: .zero) { [self] in fail(passage, error) }
        }
    }

    /// Whether anybody still wants to know how it ends.
    func isWanted(_ passage: Passage) -> Bool { passage.life == life }

    func finish(_ passage: Passage, _ settlement: DeliveryReport.Settlement = .open) {
        end(passage, DeliveryReport(outcome: .delivered(status: nil), settlement: settlement))
    }

    /// - Parameters:
    ///   - acknowledges: the command may have acknowledged the entry.
    ///   - isNamedByEntry: the entry says which key it goes to.
    func fail(_ passage: Passage, _ error: RedisError, acknowledges: Bool = false, isNamedByEntry: Bool = false) {
        var report = DeliveryReport(
            outcome: Outcome(error, isNamedByEntry: isNamedByEntry), detail: error.words)
        // The server says READONLY, and its connection is closed: the answer of the next one counts.
        if isOwn, error.endsConnection || error.serverError?.kind == .notMaster {
            report.settlement = acknowledges ? .maybeAcknowledged : .undecided
        }
        end(passage, report)
    }

    private func end(_ passage: Passage, _ report: DeliveryReport) {
        guard isWanted(passage) else { return }
        inFlight -= 1
        var report = report
        report.nanoseconds = loop.now.nanoseconds - passage.startedAt.nanoseconds
        onFinish(passage.row, report)
    }

    func cancelAll() {
        life += 1
        inFlight = 0
    }
}

/// A sink whose deliveries are commands of one lane.
protocol LaneSink: Sink {
    var lane: RedisLane { get }
}

extension LaneSink {
    var onFinish: (EntryTable.Row, DeliveryReport) -> Void {
        get { lane.onFinish }
        set { lane.onFinish = newValue }
    }
    var onOpen: () -> Void {
        get { lane.onOpen }
        set { lane.onOpen = newValue }
    }
    var free: Int { lane.free }

    func cancelAll() { lane.cancelAll() }
}
