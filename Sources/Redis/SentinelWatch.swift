public import Curl
internal import RESP

/// Hears from a Sentinel that another server has become the master, and asks for it now and then in case it did not hear.
///
/// Belongs to the thread of its loop.
public final class SentinelWatch {
    /// Called with the master's address when it is another than before.
    public var onSwitch: ((SocketTarget.Address) -> Void)?

    private let loop: CurlLoop
    private let directory: SentinelDirectory
    private let target: SentinelTarget
    private var connection: RedisConnection?
    private var known: SocketTarget.Address?
    private var isStopped = false
    private var turn = 0

    /// A message can be missed; an old master that is cut off from the Sentinels goes on answering.
    private static let pollTime = Duration.seconds(10)
    private static let pauseTime = Duration.seconds(1)

    public init(loop: CurlLoop, directory: SentinelDirectory, target: SentinelTarget) {
        self.loop = loop
        self.directory = directory
        self.target = target
    }

    public func start() {
        guard !isStopped else { return }
        let nodes = directory.nodesInOrder
        let node = nodes[turn % nodes.count]
        turn += 1
        directory.connect(to: node) { [weak self] result in
            guard let self, !isStopped else { return (try? result.get())?.close() ?? () }
            switch result {
            case .success(let connection): listen(on: connection)
            case .failure: startAgain()
            }
        }
    }

    public func stop() {
        isStopped = true
        onSwitch = nil
        connection?.close()
        connection = nil
    }

    private func startAgain() {
        connection = nil
        loop.schedule(after: Self.pauseTime) { [weak self] in self?.start() }
    }

    private func listen(on connection: RedisConnection) {
        self.connection = connection
        connection.onClose = { [weak self] _ in self?.startAgain() }
        connection.onPush = { [weak self] push in
            // Which master, and to which address, is asked for: the message may be about another.
            if push.first?.text == "message" { self?.poll() }
        }
        // In RESP2 a connection that listens cannot ask: then asking is all.
        if connection.speaksRESP3 { connection.send(["SUBSCRIBE", "+switch-master"]) { _ in } }
        pollAgainAndAgain(connection)
    }

    private func pollAgainAndAgain(_ connection: RedisConnection) {
        guard connection.isOpen, connection === self.connection else { return }
        poll()
        loop.schedule(after: Self.pollTime) { [weak self] in self?.pollAgainAndAgain(connection) }
    }

    private func poll() {
        connection?.send(target.question, deadline: SentinelDirectory.patience) { [weak self] reply in
            guard let self, case .success(let address) = reply.flatMap(target.address) else { return }
            defer { known = address }
            if let known, known != address { onSwitch?(address) }
        }
    }
}
