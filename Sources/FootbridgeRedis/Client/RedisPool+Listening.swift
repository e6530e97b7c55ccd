internal import FootbridgeCurl

extension RedisPool {
    /// Listens to channels on a connection of its own, until `stop` is called with what is returned, or the pool is closed.
    ///
    /// - Parameters:
    ///   - deadline: until when the server has to confirm it.
    ///   - handler: called on the pool's thread.
    public func listen(
        to channels: [[UInt8]], patterns: [[UInt8]], deadline: Duration, handler: @escaping PoolListener.Handler
    ) async throws(CallFailure) -> PoolListener {
        let listener = lanes.listener(channels, patterns, deadline, handler)
        let result: Result<Void, CallFailure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isTaken = loop.post { [lanes] in
                    lanes.start(listener) { continuation.resume(returning: $0) }
                }
                if !isTaken { continuation.resume(returning: .failure(.closed)) }
            }
        } onCancel: {
            stop(listener)
        }
        if case .failure(let failure) = result { throw Task.isCancelled ? .cancelled(wasSent: false) : failure }
        return listener
    }

    public func stop(_ listener: PoolListener) { loop.post { listener.stop() } }
}
