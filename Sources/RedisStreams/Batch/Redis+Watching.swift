internal import FootbridgeRESP
internal import FootbridgeRedis

extension Redis {
    /// Reads, decides and writes as if nobody else did: the transaction runs only if none of the keys has changed since.
    ///
    /// ```swift
    /// while true {
    ///     do {
    ///         return try await redis.watching(["stock"]) { watched in
    ///             let left = try await watched.send("GET", "stock").integer ?? 0
    ///             guard left > 0 else { throw SoldOut() }
    ///             return try await watched.transaction { ($0.send("DECR", "stock"), $0.add(["left": left - 1], to: "sales")) }
    ///         }
    ///     } catch let failure as Redis.Failure where failure.kind == .conflict {}  // Once more.
    /// }
    /// ```
    /// `WATCH`; <https://redis.io/docs/latest/develop/using-commands/transactions/>. It has a connection of its own meanwhile, one of
    /// `RedisConfiguration.blockingConnections`: do not wait for long in `body`. If that connection is lost, what is sent over it
    /// fails, and with `mayHaveRun == false` nothing ran. Where a script (`RedisScript`) can decide, it is quicker and meets no conflicts.
    /// - Parameter body: reads, and begins one transaction, or none: then nothing is changed.
    /// - Throws: a `Failure`, or what `body` throws: out of `WatchedKeys.transaction` a `Failure` of kind `conflict` if somebody has
    ///   changed a key, and nothing ran.
    public func watching<Result>(
        _ keys: [StreamName], _ body: (WatchedKeys) async throws -> Result
    ) async throws -> Result {
        guard !keys.isEmpty else { throw Failure(.notSent, command: "WATCH", reason: "no keys are given") }
        let command = RESPCommand("WATCH", arguments: keys.map(\.bytes))
        let (lease, reply) = try await core.use("WATCH").lease(command, deadline: deadline)
        defer { lease.release() }
        if case .failure(let failure) = reply { throw Failure(failure, "WATCH", isReadOnly: true) }
        return try await body(WatchedKeys(lease: lease, deadline: deadline))
    }

    /// The same, with names as text.
    public func watching<Result>(
        _ keys: [String], _ body: (WatchedKeys) async throws -> Result
    ) async throws -> Result { try await watching(keys.map { StreamName($0) }, body) }

    /// A connection that watches keys; made by `Redis.watching`, and of use within its body only.
    public struct WatchedKeys: Sendable {
        let lease: PoolLease
        let deadline: Duration

        /// Any command, run at once on the connection that watches; see `Redis.send`.
        public func send(_ name: String, _ arguments: any RedisArgument...) async throws(Failure) -> Reply {
            let command = RESPCommand(name, arguments: arguments.map(ArgumentBytes.init))
            if let reason = SharedConnection.refusal(of: command) {
                throw Failure(.notSent, command: name, reason: reason)
            }
            switch await perform([command])[0] {
            case .success(let value): return Reply(value)
            case .failure(let failure): throw Failure(failure, name)
            }
        }

        /// Runs commands as one, unless a key has changed; see `Redis.transaction`. The keys are not watched any more afterwards.
        ///
        /// - Throws: the first failure; `conflict` if a key has changed.
        public func transaction<each Value: Sendable>(
            _ body: (inout CommandBatch) -> (repeat QueuedCommand<each Value>)
        ) async throws(Failure) -> (repeat each Value) {
            try await CommandBatch.transaction(body, isWatched: true, by: perform)
        }

        /// The same for a number of commands that is known at run time only.
        public func transaction<Value: Sendable>(
            _ body: (inout CommandBatch) -> [QueuedCommand<Value>]
        ) async throws(Failure) -> [Value] {
            try await CommandBatch.transaction(body, isWatched: true, by: perform)
        }

        private func perform(_ commands: [RESPCommand]) async -> [RedisPool.Reply] {
            await lease.perform(commands, deadline: deadline)
        }
    }
}
