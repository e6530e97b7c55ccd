public import FootbridgeCurl
public import FootbridgeRESP

/// Why a command brought no reply that could be used.
public enum RedisError: Error, Sendable, Equatable {
    /// The server answered with an error.
    case server(ServerError)
    /// The server does not let us in, and says so in answer to the log-in: credentials or rights are wrong.
    case refused(ServerError, Login)
    /// The connection could not be made, or broke while the reply was awaited: the command may or may not have run.
    case connection(TransportFailure)
    /// No reply within the deadline. The connection is closed: a late reply must not be taken for another command's.
    case timedOut(command: String)
    /// What came is not the Redis protocol, or exceeds the limits.
    case protocolViolation(RESPError)
    /// The reply is well-formed but not what the command promises.
    case unexpectedReply(command: String, reply: String)
    /// The server is a replica; writes go to its master only.
    case notMaster(role: String)
    /// The server is a node of a Redis Cluster, which is not supported.
    case clusterNode
    /// No Sentinel told where the master is; what each of them said.
    case noSentinel(String)
    /// Nobody gave us credentials; in the words of whoever was asked.
    case noCredentials(String)
    /// The connection was closed by us.
    case closed

    /// Whether the connection is gone; nothing else can be sent on it.
    public var endsConnection: Bool {
        switch self {
        case .server, .unexpectedReply: false
        default: true
        }
    }

    public var serverError: ServerError? {
        switch self {
        case .server(let error), .refused(let error, _): error
        default: nil
        }
    }

    /// Where a connection was to lead, and who was to be logged in there.
    public struct Login: Sendable, Equatable {
        public var address: SocketTarget.Address
        /// `nil` if no credentials were given.
        public var user: String?

        public init(address: SocketTarget.Address, user: String?) {
            self.address = address
            self.user = user
        }
    }
}

extension RedisError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .server(let error), .refused(let error, _): error.description
        case .connection(let failure): failure.description
        case .timedOut(let command): "no reply to \(command) in time"
        case .protocolViolation(let error) where error.isLimit: "a reply is larger than is taken: \(error)"
        case .protocolViolation(let error): "not the Redis protocol: \(error)"
        case .unexpectedReply(let command, let reply): "unexpected reply to \(command): \(reply)"
        case .notMaster(let role): "the server is a \(role), not a master"
        case .clusterNode:
            "the server is a node of a Redis Cluster, which is not supported: "
                + "connect to a single server, or to one that Sentinels watch"
        case .noSentinel(""): "no Sentinel is named"
        case .noSentinel(let answers): "no Sentinel tells where the master is: \(answers)"
        case .noCredentials(let words): "no credentials: \(words)"
        case .closed: "connection closed"
        }
    }
}
