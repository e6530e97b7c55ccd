internal import FootbridgeRESP
internal import FootbridgeRedis

extension Redis {
    /// Sends many commands in one go, without a round trip for each. They need not be of one kind, and others may run in
    /// between; to run them as one there is `transaction`.
    ///
    /// ```swift
    /// let (id, total) = try await redis.pipeline {
    ///     ($0.add(["n": 1], to: "events"), $0.send("INCR", "total"))
    /// }
    /// print(try id.get(), try total.get().integer)
    /// ```
    /// - Returns: for each command that `body` returns, its value or why it failed: one that fails does not keep the others
    ///   from running. Look at each: `try id.get()`.
    /// - Throws: what kept all of them from getting a reply, such as `connectionLost`; `notSent` if one of them is refused, as by
    ///   `send`, and nothing was sent.
    public func pipeline<each Value: Sendable>(
        _ body: (inout CommandBatch) -> (repeat QueuedCommand<each Value>)
    ) async throws(Failure) -> (repeat Result<each Value, Failure>) {
        var batch = CommandBatch()
        let queued = body(&batch)
        let replies = try await replies(to: batch)
        return (repeat (each queued).result(replies))
    }

    /// The same for a number of commands that is known at run time only.
    public func pipeline<Value: Sendable>(
        _ body: (inout CommandBatch) -> [QueuedCommand<Value>]
    ) async throws(Failure) -> [Result<Value, Failure>] {
        var batch = CommandBatch()
        let queued = body(&batch)
        let replies = try await replies(to: batch)
        return queued.map { $0.result(replies) }
    }

    private func replies(to batch: CommandBatch) async throws(Failure) -> [RedisPool.Reply] {
        if let refusal = batch.refusal { throw refusal }
        guard let first = batch.commands.first else { return [] }
        let replies = try await core.use(first.name).perform(batch.commands, deadline: deadline)
        // Whoever does not look at the results is not to take them for done.
        if case .failure(let failure)? = replies.first, replies.allSatisfy(\.isMissing) {
            throw Failure(failure, first.name)
        }
        return replies
    }
}

extension Result<RESPValue, CallFailure> {
    /// The server has not answered.
    fileprivate var isMissing: Bool {
        switch self {
        case .success, .failure(.server): false
        // One that is too large.
        case .failure(.lost(.protocolViolation(let error))) where error.isLimit: false
        case .failure: true
        }
    }
}
