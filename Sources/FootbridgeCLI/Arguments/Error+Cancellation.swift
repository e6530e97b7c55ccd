import RedisStreams

extension Error {
    /// Whether it only says that the task was cancelled.
    var isCancellation: Bool { self is CancellationError || (self as? Redis.Failure)?.kind == .cancelled }
}
