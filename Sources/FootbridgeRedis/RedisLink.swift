public import FootbridgeCurl
internal import FootbridgeRESP

/// Keeps one connection to Redis: connects, greets, and connects again for ever when it is lost.
///
/// Belongs to the thread of its loop. Between `onUp` and `onDown` there is a connection, and only then.
public final class RedisLink {
    /// A connection stands and the server is a master, as far as it tells.
    public var onUp: ((RedisConnection) -> Void)?
    /// The connection is lost, or an attempt failed. Called for every failed attempt: tell people of changes only.
    public var onDown: ((RedisError) -> Void)?

    public var connection: RedisConnection? {
        if case .up(let connection) = state { connection } else { nil }
    }

    /// Where the connection leads that stands, is being made, or was tried last.
    public private(set) var address: SocketTarget.Address?

    /// The longest wait between two attempts to connect, unless another is asked for.
    public static let longestDelay = ReconnectDelay.longest

    private enum State {
        /// Not started, or in the middle of telling that a connection was lost.
        case idle
        /// The Sentinels are being asked; the number tells an answer that is wanted from one that came too late.
        case locating(Int)
        case connecting(RedisAttempt)
        case up(RedisConnection)
        case waiting(LoopTimer)
        case stopped
    }

    private let loop: CurlLoop
    private let target: RedisTarget
    private let directory: SentinelDirectory?
    private var state = State.idle
    private var isStarted = false
    private var delay: ReconnectDelay
    private var upSince = MonotonicTime.now
    /// After a connection that stood for longer the waits begin anew: long enough that no server is flooded, and short enough
    /// that one which was lost twice within a minute is not away for `claim_after`.
    var healthyAfter = Duration.seconds(2)
    private var lastBegun: MonotonicTime?
    private var questions = 0
    private var manner = GreetingManner.full
    /// A server has answered the whole greeting: one that hangs up in the middle of it does so for another reason.
    private var knowsGreeting = false
    /// Attempts that failed in a row.
    private var failures = 0
    /// Whether `reconnect` ended the connection that is about to be told lost, and where it wants to go.
    private var wanted: (address: SocketTarget.Address?, Void)?

    /// After so many failures in a row the server may be another one, which does not know the greeting.
    private static let failuresBeforeDoubt = 5

    /// Between two attempts that were asked for by `reconnect`, so that nobody who asks again and again floods the server.
    private static let shortestDelay = Duration.milliseconds(100)

    /// - Parameters:
    ///   - directory: asked before each connection where the master is; `nil` to go by the target's own address.
    ///   - longestDelay: the longest wait between two attempts to connect.
    public init(
        loop: CurlLoop, target: RedisTarget, directory: SentinelDirectory? = nil,
        longestDelay: Duration = RedisLink.longestDelay
    ) {
        delay = ReconnectDelay(longest: longestDelay)
        self.loop = loop
        self.target = target
        self.directory = directory
    }

    public func start() {
        guard !isStarted, case .idle = state else { return }
        isStarted = true
        begin(to: nil)
    }

    /// Closes the connection and makes no other. `onDown` is not called any more.
    public func stop() {
        onUp = nil
        onDown = nil
        let last = state
        state = .stopped
        end(last)
    }

    /// Drops what there is, a connection or an attempt, and connects anew at once, whatever the link is doing: also in the
    /// middle of connecting or greeting, and while it waits after a failure.
    ///
    /// A connection that is dropped is told as lost (`.closed`); an attempt that is given up is not told.
    /// - Parameter address: where to, for whom the master's is known; unless given it is found out as usual.
    public func reconnect(to address: SocketTarget.Address? = nil) {
        guard isStarted else { return }
        switch state {
        case .stopped: break
        case .up(let connection):
            wanted = (address, ())
            connection.close()
        case .idle, .locating, .connecting, .waiting: beginAtOnce(to: address)
        }
    }

    /// To be called with every word of the Sentinels on where the master is: a link that leads elsewhere, is on its way
    /// elsewhere, or waits after it failed elsewhere, connects there at once.
    public func follow(_ master: SocketTarget.Address) {
        if address != master { reconnect(to: master) }
    }

    private func end(_ state: State) {
        switch state {
        case .idle, .locating, .stopped: break
        case .connecting(let attempt): attempt.cancel()
        case .up(let connection): connection.close()
        case .waiting(let timer): loop.cancel(timer)
        }
    }

    private func beginAtOnce(to address: SocketTarget.Address?) {
        let last = state
        state = .idle
        end(last)
        if let address { self.address = address }
        let earliest = lastBegun.map { $0 + Self.shortestDelay } ?? .now
        guard earliest > .now else { return begin(to: address) }
        wait(earliest - .now, to: address)
    }

    private func begin(to address: SocketTarget.Address?) {
        lastBegun = .now
        if let address { return connect(to: address) }
        guard let directory else { return connect(to: target.socket.address) }
        questions += 1
        let question = questions
        state = .locating(question)
        directory.locate { [weak self] result in
            guard let self, case .locating(question) = state else { return }
            switch result {
            case .success(let address): connect(to: address)
            case .failure(let error): fail(error)
            }
        }
    }

    private func connect(to address: SocketTarget.Address) {
        self.address = address
        var socket = target.socket
        socket.address = address
        let attempt = RedisAttempt(
            loop: loop, socket: socket, handshake: target.handshake, limits: target.limits,
            credentials: target.credentials, manner: manner,
            mayFallBack: !knowsGreeting || failures >= Self.failuresBeforeDoubt
        ) { [weak self] result in
            guard let self else { return (try? result.get())?.close() ?? () }
            switch result {
            case .success(let connection): didConnect(connection)
            case .failure(let error):
                manner = .full
                failures += 1
                fail(error)
            }
        }
        state = .connecting(attempt)
        attempt.start()
    }

    private func didConnect(_ connection: RedisConnection) {
        if case .connecting(let attempt) = state { manner = attempt.manner }
        knowsGreeting = knowsGreeting || manner == .full
        failures = 0
        state = .up(connection)
        upSince = loop.now
        connection.onClose = { [weak self] error in self?.didLose(error) }
        onUp?(connection)
    }

    private func didLose(_ error: RedisError) {
        guard case .up = state else { return }
        if MonotonicTime.now - upSince > healthyAfter { delay.reset() }
        fail(error)
    }

    private func fail(_ error: RedisError) {
        state = .idle
        let wanted = wanted
        self.wanted = nil
        onDown?(error)
        // Whoever was told may have stopped the link, or asked for a new connection.
        guard case .idle = state else { return }
        if let wanted {
            beginAtOnce(to: wanted.address)
        } else {
            wait(delay.next(random: .random(in: 0...1)), to: nil)
        }
    }

    private func wait(_ time: Duration, to address: SocketTarget.Address?) {
        state = .waiting(loop.schedule(after: time) { [weak self] in self?.begin(to: address) })
    }
}
