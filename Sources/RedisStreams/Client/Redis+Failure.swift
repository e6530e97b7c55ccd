internal import FootbridgeCurl
internal import FootbridgeRedis

extension Redis {
    /// Why a call failed. (A call whose task is cancelled throws `CancellationError`.)
    public enum Failure: Error, Sendable, Equatable {
        /// The server answered with an error; the command did not run. The text is the server's.
        case server(Kind, String)
        /// No connection stood within the deadline: the command was not sent, and did not run. With the reason.
        case unreachable(String)
        /// The command was sent, and no reply came before the connection was lost: it may or may not have run.
        case connectionLost(String)
        /// The reply is not what the command promises.
        case unexpectedReply(String)
        /// The client does not send this command, and why: its connection is shared by all tasks.
        case notSent(String)
        /// What is wrong with the URL, and how it is written right.
        case invalidAddress(String)
        /// The client was closed. A command that had been sent may have run.
        case closed
    }
}

extension Redis.Failure {
    /// Errors of the server, by what the caller can do about them.
    public enum Kind: Sendable, Equatable {
        /// The group, or its stream, is not there.
        case noGroup
        /// The stream is not there.
        case noStream
        /// The group that was to be made exists.
        case groupExists
        /// The id of a new entry is not above all that the stream has had.
        case idTooLow
        /// The key holds something that is not a stream.
        case wrongType
        /// Credentials or rights are wrong.
        case notAllowed
        /// The server cannot just now (loading, out of memory, busy …); the same command may succeed later.
        case transient
        /// The server has become a replica; the client looks for the master by itself, and the command may be repeated.
        case notMaster
        /// This version of the server does not know the command.
        case unknownCommand
        /// The server is a node of a Redis Cluster, which is not supported.
        case clusterNode
        case other
    }

    /// Whether it may go away by itself: the server, or the way to it, is in trouble; the command is in order.
    public var isTransient: Bool {
        switch self {
        case .server(.transient, _), .server(.notMaster, _), .unreachable, .connectionLost: true
        default: false
        }
    }

    init(_ failure: CallFailure, _ command: String) {
        switch failure {
        case .server(let error): self.init(error)
        // The server cannot be reached because it refuses us, and goes on doing so.
        case .unsent(.server(let error)?): self = .server(Kind(error), "\(command) was not sent: \(error)")
        case .unsent(.clusterNode?): self = .server(.clusterNode, "\(RedisError.clusterNode)")
        case .unsent(let error):
            self = .unreachable("\(command) was not sent: \(error?.description ?? "no connection yet")")
        case .lost(.closed): self = .closed
        case .lost(let error): self = .connectionLost("\(command): \(error)")
        case .cancelled, .closed: self = .closed
        }
    }

    init(connecting error: RedisError) {
        switch error {
        case .server(let error): self.init(error)
        case .clusterNode: self = .server(.clusterNode, error.description)
        case .closed: self = .closed
        default: self = .unreachable(error.description)
        }
    }

    private init(_ error: ServerError) {
        self = .server(Kind(error), error.description)
    }
}

extension Redis.Failure.Kind {
    init(_ error: ServerError) {
        switch error.kind {
        case .noGroup: self = .noGroup
        case .busyGroup: self = .groupExists
        case .wrongType: self = .wrongType
        case .configuration: self = .notAllowed
        case .transient, .unblocked: self = .transient
        case .notMaster: self = .notMaster
        case .unknownCommand: self = .unknownCommand
        case .moved, .ask, .crossSlot: self = .clusterNode
        case .other where error.message.hasPrefix("no such key") || error.message.contains("requires the key to exist"):
            self = .noStream
        case .other where error.message.contains("equal or smaller than the target stream top item"):
            self = .idTooLow
        default: self = .other
        }
    }
}

extension Redis.Failure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .server(_, let text): text
        case .unreachable(let reason): "Redis is unreachable: \(reason)"
        case .connectionLost(let reason): "the connection was lost before the reply; it may have run: \(reason)"
        case .unexpectedReply(let reply): "unexpected reply to \(reply)"
        case .notSent(let reason), .invalidAddress(let reason): reason
        case .closed: "the client was closed"
        }
    }
}
