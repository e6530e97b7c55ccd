/// Why a command that was given to a `RedisPool` brought no reply, told by whether it may have run.
public enum CallFailure: Error, Sendable, Equatable {
    /// The server answered with an error.
    case server(ServerError)
    /// No connection stood within the deadline: the command was not sent. Why the last attempt failed, if one did.
    case unsent(RedisError?)
    /// All connections that there may be for commands that block were taken until the deadline: it was not sent.
    case noFreeConnection(limit: Int)
    /// The command was sent, and the connection was lost before its reply: it may or may not have run.
    case lost(RedisError)
    /// The task was cancelled; a command that had been sent may or may not have run.
    case cancelled(wasSent: Bool)
    /// The pool was closed before the command was sent. (One that was sent is `lost(.closed)`.)
    case closed
}
