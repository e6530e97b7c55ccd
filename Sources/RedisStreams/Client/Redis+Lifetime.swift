internal import FootbridgeRedis

extension Redis {
    /// Closes the client: what was sent gets its reply, within the deadline of the configuration; then the connections go.
    ///
    /// New calls throw a `Failure` of kind `closed`. What loops over `ConsumerGroup.entries` have handled is acknowledged first.
    /// Calls of `process` end with `closed`, and what they hold comes again: cancel their tasks first.
    /// Reads that wait at the server are ended there, so that no entry is delivered to a reader that has gone. A client that
    /// nobody holds any more is closed, too, at once.
    public func close() async {
        let acknowledgers = acknowledgers.all
        for acknowledger in acknowledgers { acknowledger.send() }
        for acknowledger in acknowledgers { await acknowledger.finish() }
        await core.close()
    }

    /// Connects, and stays so until the task is cancelled or the client is closed; then closes it, as `close` does.
    ///
    /// Nothing has to run for calls to work: it is there for programs that are made of services. With
    /// [ServiceLifecycle](https://github.com/swift-server/swift-service-lifecycle):
    ///
    /// ```swift
    /// struct Client: Service {
    ///     let redis: Redis
    ///     func run() async throws { try await cancelWhenGracefulShutdown { try await redis.run() } }
    /// }
    /// struct Worker: Service {
    ///     let group: ConsumerGroup
    ///     func run() async throws { try await cancelWhenGracefulShutdown { try await group.process { message in … } } }
    /// }
    /// let services = ServiceGroup(
    ///     services: [Client(redis: redis), Worker(group: group)], gracefulShutdownSignals: [.sigterm], logger: logger)
    /// try await services.run()
    /// ```
    /// Services are shut down in reverse order: the worker first, with the client still open for its last acknowledgements and what it
    /// hands over. `cancellationSignals` are not for a worker: they cancel all services at once, so the client closes under it, and what
    /// it has handled comes again.
    ///
    /// A server that is away is waited for; see `events`.
    /// - Throws: `invalidConfiguration`; `closed` if the client was closed before.
    public func run() async throws(Failure) {
        try core.use(nil).start()
        await core.closing.wait()
        // Not cancelled with this task: what is on its way is to have its reply.
        await Task { await close() }.value
    }
}
