extension Redis.Failure {
    /// Failures, by what the caller can do about them.
    public enum Kind: Sendable, Hashable {
        // Answers of the server; `serverError` is its text.

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
        /// Credentials or rights are wrong, and stay so until someone acts.
        case notAllowed
        /// The server cannot just now (loading, out of memory, busy …); the same command may succeed later.
        case transient
        /// The server is a replica. The client looks for the master by itself, and the command may be repeated.
        case notMaster
        /// This version of the server does not know the command.
        case unknownCommand
        /// The server is a node of a Redis Cluster, which is not supported.
        case clusterNode
        /// A key that was watched has changed, and the transaction did not run; see `Redis.watching`. Read anew, and try again.
        case conflict
        /// Another error of the server.
        case other

        // What happens on the way.

        /// No connection stood within the deadline: the command was not sent, and did not run.
        case unreachable
        /// The command was sent, and the connection was lost before its reply.
        case connectionLost
        /// The command was sent, and nothing came for as long as the deadline. The connection was closed.
        case timedOut
        /// The reply is larger than `RedisConfiguration.limits` or the client itself allows; `Failure.description` says which
        /// bound. The connection was closed; the same command would fail again.
        case replyTooLarge
        /// The reply is not what the command promises.
        case unexpectedReply

        // What the client does by itself.

        /// The client does not send this: other tasks use the same connection, and the command would disturb them; or what was given
        /// makes no command, such as a list of no keys.
        case notSent
        /// The server is too old for what was asked for.
        case unsupported
        /// A URL or another part of the configuration is wrong.
        case invalidConfiguration
        /// The client was closed.
        case closed
        /// The task was cancelled.
        case cancelled
    }
}
