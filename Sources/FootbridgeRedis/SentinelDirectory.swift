public import FootbridgeCurl
internal import FootbridgeRESP

/// Knows where the master is: asks the Sentinels, one after the other, the one first that answered last.
///
/// Their word is not enough: a link checks `ROLE` on what they name, and asks again if it is no master.
/// <https://redis.io/docs/latest/develop/reference/sentinel-clients/>. Belongs to the thread of its loop.
public final class SentinelDirectory {
    public typealias Completion = (Result<SocketTarget.Address, RedisError>) -> Void

    private let loop: CurlLoop
    private let target: SentinelTarget
    private var nodes: [SocketTarget]
    /// Who waits for the answer to the question that is under way: hundreds of links ask at once after a switch.
    private var waiting: [Completion] = []

    /// How long one Sentinel may take in all, from connecting to its answer; there are others.
    static let patience = Duration.seconds(1)

    public init(loop: CurlLoop, target: SentinelTarget) {
        self.loop = loop
        self.target = target
        nodes = target.nodes
    }

    /// Asks until one Sentinel answers. Whoever asks while a question is under way gets the same answer.
    public func locate(_ completion: @escaping Completion) {
        waiting.append(completion)
        if waiting.count == 1 { ask(nodes[...], failed: []) }
    }

    private func ask(_ left: ArraySlice<SocketTarget>, failed: [String]) {
        guard let node = left.first else { return answer(.failure(.noSentinel(failed.joined(separator: "; ")))) }
        ask(node) { [self] result in
            switch result {
            case .success:
                prefer(node)
                answer(result)
            case .failure(let error): ask(left.dropFirst(), failed: failed + ["\(node): \(error)"])
            }
        }
    }

    private func answer(_ result: Result<SocketTarget.Address, RedisError>) {
        let waiting = waiting
        self.waiting = []
        for completion in waiting { completion(result) }
    }

    /// Asks one Sentinel, on a connection for this question alone.
    func ask(_ node: SocketTarget, _ completion: @escaping Completion) {
        let end = MonotonicTime.now + Self.patience
        connect(to: node) { [target] result in
            switch result {
            case .failure(let error): completion(.failure(error))
            case .success(let connection):
                connection.send(target.question, deadline: max(end - .now, .milliseconds(1))) { reply in
                    connection.close()
                    completion(reply.flatMap(target.address))
                }
            }
        }
    }

    /// A connection to a Sentinel that has been greeted; within `patience`, or not at all.
    func connect(to node: SocketTarget, _ completion: @escaping (Result<RedisConnection, RedisError>) -> Void) {
        var socket = node
        socket.connectTimeout = min(node.connectTimeout, Self.patience)
        var timer: LoopTimer?
        let attempt = RedisAttempt(
            loop: loop, socket: socket, handshake: target.handshake, limits: RESPLimits(), peer: .sentinel
        ) { [loop] result in
            if let timer { loop.cancel(timer) }
            completion(result)
        }
        timer = loop.schedule(after: Self.patience) {
            attempt.cancel()
            completion(.failure(.timedOut(command: "HELLO")))
        }
        attempt.start()
    }

    private func prefer(_ node: SocketTarget) {
        nodes.removeAll { $0 == node }
        nodes.insert(node, at: 0)
    }
}

extension SentinelTarget {
    var question: RESPCommand { ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", master] }

    /// `[host, port]`, null for a master that it does not watch.
    func address(_ reply: RESPValue) -> Result<SocketTarget.Address, RedisError> {
        guard let parts = reply.elements, parts.count == 2, let host = parts[0].text, !host.isEmpty,
            let port = parts[1].integer.flatMap(UInt16.init(exactly:)), port > 0
        else { return .failure(.unexpectedReply(command: "SENTINEL for \(master)", reply: reply.shape)) }
        return .success(.tcp(host: host, port: port))
    }
}
