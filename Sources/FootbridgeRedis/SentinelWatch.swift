public import FootbridgeCurl
internal import FootbridgeRESP

/// Hears from a Sentinel that another server has become the master, and asks all of them now and then in case it did not hear.
///
/// Belongs to the thread of its loop.
public final class SentinelWatch {
    /// Called with the master's address whenever it was asked for, changed or not: a link may have asked a Sentinel that is cut
    /// off and knows the old one. `RedisLink.follow` is what to do with it.
    public var onSwitch: ((SocketTarget.Address) -> Void)?

    private let loop: CurlLoop
    private let directory: SentinelDirectory
    private let target: SentinelTarget
    private var connection: RedisConnection?
    private var timer: LoopTimer?
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
        // Without a node there is nobody to hear; links are told so by the directory.
        guard !isStopped, !target.nodes.isEmpty else { return }
        let node = target.nodes[turn % target.nodes.count]
        turn += 1
        directory.connect(to: node) { [weak self] result in
            guard let self, !isStopped else { return (try? result.get())?.close() ?? () }
            switch result {
            case .success(let connection): listen(to: node, on: connection)
            case .failure: startAgain()
            }
        }
    }

    public func stop() {
        isStopped = true
        onSwitch = nil
        if let timer { loop.cancel(timer) }
        connection?.close()
        connection = nil
    }

    private func startAgain() {
        connection = nil
        schedule(after: Self.pauseTime) { $0.start() }
    }

    /// One timer at a time: what was planned before is off.
    private func schedule(after time: Duration, _ body: @escaping (SentinelWatch) -> Void) {
        if let timer { loop.cancel(timer) }
        timer = isStopped ? nil : loop.schedule(after: time) { [weak self] in if let self { body(self) } }
    }

    private func listen(to node: SocketTarget, on connection: RedisConnection) {
        self.connection = connection
        connection.onClose = { [weak self] _ in self?.startAgain() }
        connection.onPush = { [weak self] push in
            // Which master, and to which address, is asked for: the message may be about another.
            if push.first?.text == "message" { self?.ask { self?.report($0) } }
        }
        // In RESP2 a connection that listens cannot ask: then asking is all.
        if connection.speaksRESP3 { connection.send(["SUBSCRIBE", "+switch-master"]) { _ in } }
        poll(node)
    }

    /// Asks every Sentinel and believes the most: one that is cut off names the old master for ever.
    private func poll(_ listening: SocketTarget) {
        let others = target.nodes.filter { $0 != listening }
        var votes: [SocketTarget.Address: Int] = [:]
        var missing = 1 + others.count
        let count: (SocketTarget.Address?) -> Void = { [weak self] address in
            if let address { votes[address, default: 0] += 1 }
            missing -= 1
            let most = votes.values.max()
            let winners = votes.filter { $0.value == most }
            if missing == 0, winners.count == 1, let winner = winners.keys.first { self?.report(winner) }
        }
        ask(count)
        for node in others { directory.ask(node) { count(try? $0.get()) } }
        schedule(after: Self.pollTime) { $0.poll(listening) }
    }

    private func ask(_ completion: @escaping (SocketTarget.Address?) -> Void) {
        guard let connection else { return completion(nil) }
        connection.send(target.question, deadline: SentinelDirectory.patience) { [target] reply in
            completion(try? reply.flatMap(target.address).get())
        }
    }

    private func report(_ address: SocketTarget.Address?) {
        if let address, !isStopped { onSwitch?(address) }
    }
}
