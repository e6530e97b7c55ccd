public import Curl
internal import RESP

/// Keeps one connection to Redis: connects, greets, and connects again for ever when it is lost.
///
/// Belongs to the thread of its loop. Between `onUp` and `onDown` there is a connection, and only then.
public final class RedisLink {
    /// A connection stands and the server is a master.
    public var onUp: ((RedisConnection) -> Void)?
    /// The connection is lost, or an attempt failed. Called for every failed attempt: tell people of changes only.
    public var onDown: ((RedisError) -> Void)?

    public private(set) var connection: RedisConnection?

    /// Where the connection leads that stands, or is being made.
    public private(set) var address: SocketTarget.Address?

    /// The longest wait between two attempts to connect, unless another is asked for.
    public static let longestDelay = ReconnectDelay.longest

    private let loop: CurlLoop
    private let target: RedisTarget
    private let directory: SentinelDirectory?
    private var delay: ReconnectDelay
    private var upSince = MonotonicTime.now
    private var isStopped = false
    private var retryTimer: LoopTimer?
    /// A connection that greets, not given out yet.
    private var candidate: RedisConnection?

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

    public func start() { connect() }

    /// Closes the connection and makes no other. `onDown` is not called any more.
    public func stop() {
        isStopped = true
        onUp = nil
        onDown = nil
        if let retryTimer { loop.cancel(retryTimer) }
        candidate?.close()
        connection?.close()
        candidate = nil
        connection = nil
    }

    /// Drops the connection, for example because the server turned into a replica; the next one is made as usual.
    public func reconnect() { connection?.close() }

    private func connect() {
        retryTimer = nil
        guard !isStopped else { return }
        guard let directory else { return connect(to: target.socket.address) }
        directory.locate { [weak self] result in
            guard let self, !isStopped else { return }
            switch result {
            case .success(let address): connect(to: address)
            case .failure(let error): retry(after: error)
            }
        }
    }

    private func connect(to address: SocketTarget.Address) {
        self.address = address
        var socket = target.socket
        socket.address = address
        CurlSocket.connect(socket, on: loop) { [weak self] result in
            guard let self, !isStopped else { return }
            switch result {
            case .success(let socket): greet(RedisConnection(socket: socket, loop: loop))
            case .failure(let failure): retry(after: .connection(failure))
            }
        }
    }

    private func greet(_ connection: RedisConnection) {
        candidate = connection
        target.handshake.perform(on: connection) { [weak self] result in
            guard let self, !isStopped, candidate === connection else { return }
            candidate = nil
            switch result {
            case .success:
                self.connection = connection
                upSince = loop.now
                connection.onClose = { [weak self] error in
                    guard let self else { return }
                    self.connection = nil
                    if MonotonicTime.now - upSince > .seconds(30) { delay.reset() }
                    retry(after: error)
                }
                onUp?(connection)
            case .failure(let error):
                connection.close()
                retry(after: error)
            }
        }
    }

    private func retry(after error: RedisError) {
        guard !isStopped else { return }
        onDown?(error)
        guard !isStopped else { return }
        retryTimer = loop.schedule(after: delay.next(random: .random(in: 0...1))) { [weak self] in self?.connect() }
    }
}
