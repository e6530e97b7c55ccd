internal import FootbridgeRedis

extension Redis {
    /// Closes the client: what was sent gets its reply, within the deadline of the configuration; then the connections go.
    ///
    /// New calls throw a `Failure` of kind `closed`. What loops over `ConsumerGroup.entries` have handled is acknowledged first.
    /// Reads that wait at the server are ended there, so that no entry is given to nobody. A client that nobody holds any more
    /// is closed, too, at once.
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
    /// extension Redis: @retroactive Service {}
    /// let group = ServiceGroup(services: [redis, worker], cancellationSignals: [.sigterm], logger: logger)
    /// ```
    /// For `gracefulShutdownSignals`, which cancel nothing, run `cancelWhenGracefulShutdown { try await redis.run() }`.
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
