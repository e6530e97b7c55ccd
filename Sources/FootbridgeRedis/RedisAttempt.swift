internal import FootbridgeCurl
internal import FootbridgeRESP

/// One attempt to get a connection that is ready for commands: connects, greets, and where the server hangs up on the
/// greeting, connects once more and says less.
///
/// Belongs to the thread of its loop.
final class RedisAttempt {
    typealias Completion = (Result<RedisConnection, RedisError>) -> Void

    enum Peer: Sendable {
        /// Has to be a master.
        case server
        case sentinel
    }

    private let loop: CurlLoop
    private let socket: SocketTarget
    private var handshake: RedisHandshake
    private let credentials: CredentialsRequest?
    private let limits: RESPLimits
    private let peer: Peer
    private let mayFallBack: Bool
    private let completion: Completion
    private var connecting: ConnectingSocket?
    private var connection: RedisConnection?
    private var isOver = false
    /// How it greets; after success, how the server wants to be greeted.
    private(set) var manner: GreetingManner

    /// - Parameters:
    ///   - mayFallBack: whether a hang-up may mean that the server does not know a word of the greeting.
    ///   - completion: called once, on the loop, unless the attempt is cancelled.
    init(
        loop: CurlLoop, socket: SocketTarget, handshake: RedisHandshake, limits: RESPLimits,
        credentials: CredentialsRequest.Provider? = nil,
        peer: Peer = .server, manner: GreetingManner = .full, mayFallBack: Bool = true,
        completion: @escaping Completion
    ) {
        self.loop = loop
        self.socket = socket
        self.handshake = handshake
        self.credentials = credentials.map { CredentialsRequest($0, loop: loop, timeout: socket.connectTimeout) }
        self.limits = limits
        self.peer = peer
        self.manner = manner
        self.mayFallBack = mayFallBack
        self.completion = completion
    }

    func start() {
        guard !isOver else { return }
        connecting = CurlSocket.connect(socket, on: loop) { [self] result in
            connecting = nil
            guard !isOver else { return }
            switch result {
            case .failure(let failure): end(.failure(.connection(failure)))
            case .success(let socket): logIn(RedisConnection(socket: socket, loop: loop, limits: limits))
            }
        }
        if isOver { connecting = nil }
    }

    /// Gives it up, at any time; closes what it has opened.
    func cancel() {
        isOver = true
        connecting?.cancel()
        connecting = nil
        credentials?.cancel()
        let connection = connection
        self.connection = nil
        connection?.close()
    }

    private func logIn(_ connection: RedisConnection) {
        self.connection = connection
        guard let credentials else { return greet(connection) }
        credentials.ask { [self] result in
            guard !isOver else { return }
            switch result {
            case .success(let login):
                (handshake.user, handshake.password) = (login.user, login.password)
                greet(connection)
            case .failure(let error):
                self.connection = nil
                connection.close()
                end(.failure(error))
            }
        }
    }

    private func greet(_ connection: RedisConnection) {
        let answered: (Result<Void, RedisError>) -> Void = { [self] result in
            guard !isOver else { return }
            self.connection = nil
            switch result {
            case .success: end(.success(connection))
            case .failure(let error):
                connection.close()
                // Some proxies close a connection on which a command comes that they do not know.
                if mayFallBack, case .connection(let failure) = error, failure.kind == .disconnected,
                    let next = manner.next
                {
                    manner = next
                    start()
                } else {
                    end(.failure(told(handshake.withoutPassword(error))))
                }
            }
        }
        switch peer {
        case .server: handshake.perform(on: connection, manner, completion: answered)
        case .sentinel: handshake.greet(on: connection, manner, completion: answered)
        }
    }

    /// A refusal is told with what was refused.
    private func told(_ error: RedisError) -> RedisError {
        guard case .server(let refusal) = error, refusal.kind == .configuration else { return error }
        let hasLogin = handshake.user != nil || handshake.password != nil
        let user = hasLogin ? handshake.user ?? "default" : nil
        return .refused(refusal, RedisError.Login(address: socket.address, user: user))
    }

    private func end(_ result: Result<RedisConnection, RedisError>) {
        isOver = true
        completion(result)
    }
}
