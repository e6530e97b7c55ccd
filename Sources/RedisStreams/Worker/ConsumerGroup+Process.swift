extension ConsumerGroup {
    /// Handles messages without end, and survives what happens: crashes of this process and of others, a server that is away, a
    /// group that is destroyed, messages that fail or that nobody can read.
    ///
    /// ```swift
    /// try await group.process(ProcessOptions(concurrency: 8)) { message in
    ///     try await ship(message.decode(Order.self))
    /// }
    /// ```
    /// A message is acknowledged when `body` has returned, together with others, within milliseconds. If `body` throws, it comes
    /// again after `backoff`, and becomes a dead letter after `attempts`; at once if `MessageRejected` is thrown, and
    /// `MessagePostponed` counts no attempt. Every message is handled at least once: after a crash those that were being handled come
    /// again, and those that were handled within the last milliseconds. `message.deliveryCount` says which attempt it is.
    ///
    /// While a handler runs, the consumer sends heartbeats and renews the idle times of its messages. Messages of consumers that have
    /// stopped, or were silent for `abandonedAfter`, are taken over with their attempt counts and delivery times.
    ///
    /// Several processes call this with one group. Each call has a consumer of its own. A group that is not there is made.
    ///
    /// **Cancelling the task** stops it in good order: nothing new begins, handlers have `drainTimeout` to end and are cancelled
    /// then, acknowledgements are confirmed, and what was not handled is handed over. It returns then. Another worker has such a
    /// message at once, and tries it when its backoff is over; an attempt that was cut short counts. A handler that is cancelled must
    /// throw: if it returns, its message is acknowledged.
    ///
    /// A message that is larger than `RedisConfiguration.limits` becomes a dead letter unseen: the server copies its fields.
    /// - Parameter body: called by `options.concurrency` tasks.
    /// - Throws: `closed`; after about half a minute of it, `notAllowed`, and `replyTooLarge` for what is asked about the group; from the start
    ///   on also `invalidConfiguration`, `wrongType`, `unknownCommand`, `clusterNode` and `unsupported`. Everything else is waited for,
    ///   also an untrusted certificate (`unreachable`), and told to `options.observer`.
    public func process(
        _ options: ProcessOptions = ProcessOptions(), _ body: @escaping @Sendable (Message) async throws -> Void
    ) async throws(Redis.Failure) {
        if let failure = await GroupProcess(self, options, body).run() { throw failure }
    }

    /// The same with values: `group.process(as: Order.self) { order, message in … }`.
    ///
    /// A message whose fields are no such value becomes a dead letter at once: `malformed: <why>`.
    public func process<Value: Decodable & Sendable>(
        as type: Value.Type, _ options: ProcessOptions = ProcessOptions(),
        _ body: @escaping @Sendable (Value, Message) async throws -> Void
    ) async throws(Redis.Failure) {
        try await process(options) { message in
            let value: Value
            do {
                value = try message.fields.decode(type)
            } catch {
                throw MalformedMessage(reason: "\(error)")
            }
            try await body(value, message)
        }
    }
}
