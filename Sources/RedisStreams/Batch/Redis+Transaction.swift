internal import FootbridgeRESP
internal import FootbridgeRedis

extension Redis {
    /// Runs commands as one: nobody's commands come in between, and none runs if one of them is not understood.
    ///
    /// ```swift
    /// let (id, total) = try await redis.transaction {
    ///     ($0.add(["n": 1], to: "events"), $0.send("INCR", "total"))
    /// }
    /// ```
    /// `MULTI … EXEC`; <https://redis.io/docs/latest/develop/using-commands/transactions/>. All leave in one go, so the
    /// connection can be the one that all tasks share. Redis takes nothing back: a command that fails when its turn comes
    /// (`WRONGTYPE`) does not undo the others, and its failure says `mayHaveRun`.
    /// - Returns: the value of each command that `body` returns.
    /// - Throws: the first failure. With `mayHaveRun == false` nothing ran. If the reply to `EXEC` is lost, all may have run.
    public func transaction<each Value: Sendable>(
        _ body: (inout CommandBatch) -> (repeat QueuedCommand<each Value>)
    ) async throws(Failure) -> (repeat each Value) {
        try await CommandBatch.transaction(body, by: perform)
    }

    /// The same for a number of commands that is known at run time only.
    public func transaction<Value: Sendable>(
        _ body: (inout CommandBatch) -> [QueuedCommand<Value>]
    ) async throws(Failure) -> [Value] {
        try await CommandBatch.transaction(body, by: perform)
    }

    private func perform(_ commands: [RESPCommand]) async throws(Failure) -> [RedisPool.Reply] {
        try await core.use("EXEC").perform(commands, deadline: deadline)
    }
}

extension CommandBatch {
    typealias Performer = ([RESPCommand]) async throws(Redis.Failure) -> [RedisPool.Reply]

    /// Makes a batch and runs it as one.
    ///
    /// - Parameters:
    ///   - isWatched: whether keys are watched: then the server is asked whether one has changed, commands or not.
    ///   - perform: sends commands over the connection of the transaction.
    static func transaction<each Value: Sendable>(
        _ body: (inout CommandBatch) -> (repeat QueuedCommand<each Value>), isWatched: Bool = false,
        by perform: Performer
    ) async throws(Redis.Failure) -> (repeat each Value) {
        var batch = CommandBatch()
        let queued = body(&batch)
        let replies = try await batch.execute(isWatched, perform)
        return (repeat try (each queued).result(replies).get())
    }

    static func transaction<Value: Sendable>(
        _ body: (inout CommandBatch) -> [QueuedCommand<Value>], isWatched: Bool = false, by perform: Performer
    ) async throws(Redis.Failure) -> [Value] {
        var batch = CommandBatch()
        let queued = body(&batch)
        let replies = try await batch.execute(isWatched, perform)
        var values: [Value] = []
        for command in queued { values.append(try command.result(replies).get()) }
        return values
    }

    /// `MULTI … EXEC`.
    private func execute(_ isWatched: Bool, _ perform: Performer) async throws(Redis.Failure) -> [RedisPool.Reply] {
        if let refusal { throw refusal }
        guard isWatched || !commands.isEmpty else { return [] }
        return try outcomes(await perform([["MULTI"]] + commands + [["EXEC"]]), isWatched)
    }

    /// The replies of the commands themselves.
    ///
    /// - Parameter replies: to `MULTI … EXEC`.
    /// - Throws: the first failure; `conflict` if a key that was watched has changed.
    private func outcomes(_ replies: [RedisPool.Reply], _ isWatched: Bool) throws(Redis.Failure) -> [RedisPool.Reply] {
        let executed: RESPValue
        switch replies[replies.count - 1] {
        case .success(let value): executed = value
        case .failure(.server(let error)):
            // EXECABORT says less than the command that was not understood.
            for (reply, command) in zip(replies.dropFirst().dropLast(), commands) {
                if case .failure(let cause) = reply { throw Redis.Failure(cause, command.name) }
            }
            throw Redis.Failure(.server(error), "EXEC")
        case .failure(let failure): throw Redis.Failure(failure, "EXEC")
        }
        if isWatched, executed == .null { throw Redis.Failure(.conflict, command: "EXEC") }
        guard let elements = executed.elements, elements.count == commands.count else {
            throw Redis.Failure(.unexpectedReply, command: "EXEC", mayHaveRun: true, reason: executed.shape)
        }
        var outcomes: [RedisPool.Reply] = []
        for (element, command) in zip(elements, commands) {
            if case .error(let text) = element {
                // The others ran.
                let failure = Redis.Failure(.server(ServerError(text)), command.name)
                throw Redis.Failure(
                    failure.kind, command: command.name, serverError: failure.serverError,
                    mayHaveRun: commands.count > 1)
            }
            outcomes.append(.success(element))
        }
        return outcomes
    }
}
