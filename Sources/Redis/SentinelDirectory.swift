public import Curl
internal import RESP

/// Knows where the master is: asks the Sentinels, one after the other, the one first that answered last.
///
/// Their word is not enough: a link checks `ROLE` on what they name, and asks again if it is no master.
/// <https://redis.io/docs/latest/develop/reference/sentinel-clients/>. Belongs to the thread of its loop.
public final class SentinelDirectory {
    public typealias Completion = (Result<SocketTarget.Address, RedisError>) -> Void

    private let loop: CurlLoop
    private let target: SentinelTarget
    private var nodes: [SocketTarget]

    /// How long one Sentinel may take; there are others.
    static let patience = Duration.seconds(1)

    public init(loop: CurlLoop, target: SentinelTarget) {
        self.loop = loop
        self.target = target
        nodes = target.nodes.map { node in
            var node = node
            node.connectTimeout = Self.patience
            return node
        }
    }

    /// Asks until one Sentinel answers.
    public func locate(_ completion: @escaping Completion) {
        ask(nodes[...], failed: [], completion)
    }

    private func ask(_ left: ArraySlice<SocketTarget>, failed: [String], _ completion: @escaping Completion) {
        guard let node = left.first else { return completion(.failure(.noSentinel(failed.joined(separator: "; ")))) }
        connect(to: node) { [self] result in
            switch result {
            case .success(let connection):
                connection.send(target.question, deadline: Self.patience) { [self] reply in
                    connection.close()
                    switch reply.flatMap(target.address) {
                    case .success(let address):
                        prefer(node)
                        completion(.success(address))
                    case .failure(let error):
                        ask(left.dropFirst(), failed: failed + ["\(node): \(error)"], completion)
                    }
                }
            case .failure(let error): ask(left.dropFirst(), failed: failed + ["\(node): \(error)"], completion)
            }
        }
    }

    /// A connection to a Sentinel that has been greeted.
    func connect(to node: SocketTarget, _ completion: @escaping (Result<RedisConnection, RedisError>) -> Void) {
        CurlSocket.connect(node, on: loop) { [self] result in
            switch result {
            case .failure(let failure): completion(.failure(.connection(failure)))
            case .success(let socket):
                let connection = RedisConnection(socket: socket, loop: loop)
                target.handshake.greet(on: connection) { greeted in
                    if case .failure = greeted { connection.close() }
                    completion(greeted.map { connection })
                }
            }
        }
    }

    private func prefer(_ node: SocketTarget) {
        nodes.removeAll { $0 == node }
        nodes.insert(node, at: 0)
    }

    /// The node that answered last, then the others.
    var nodesInOrder: [SocketTarget] { nodes }
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
