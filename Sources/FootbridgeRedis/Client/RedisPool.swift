public import FootbridgeCurl
public import FootbridgeRESP

/// A client for many callers on any thread: connections on a loop of its own, made again when they are lost.
///
/// Callers share one connection, on which their commands are pipelined; a command that blocks gets one for itself. What
/// happens to a command when a connection is lost is told by `CallFailure`: one that was not sent waits for the next
/// connection, within its deadline; one that was sent fails, unless the caller said that it may run twice. A caller
/// whose task is cancelled is told at once.
public final class RedisPool: Sendable {
    public typealias Reply = Result<RESPValue, CallFailure>

    let loop: CurlLoop
    let lanes: PoolLanes
    /// Has tasks run on the client's own thread.
    public let ownThread: LoopTasks

    /// - Throws: if the system gives no thread or no descriptors.
    public init(_ target: RedisTarget, _ settings: PoolSettings = PoolSettings()) throws(CurlLoopError) {
        loop = try CurlLoop(name: "redis")
        ownThread = LoopTasks(loop)
        lanes = PoolLanes(loop: loop, target: target, settings: settings)
    }

    deinit {
        let (loop, lanes) = (loop, lanes)
        guard loop.post({ lanes.close() }) else { return }
        Task { await loop.stop() }
    }

    /// Makes the first connection, in one attempt. To be called once, before anything else; if it fails, close the pool.
    ///
    /// - Throws: `RedisError.closed` if the task is cancelled.
    public func connect() async throws(RedisError) {
        let result: Result<Void, RedisError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isTaken = loop.post { [lanes] in lanes.start { continuation.resume(returning: $0) } }
                if !isTaken { continuation.resume(returning: .failure(.closed)) }
            }
        } onCancel: {
            loop.post { [lanes] in lanes.close() }
        }
        try result.get()
    }

    /// Sends commands in one go and waits for their replies, in the same order.
    ///
    /// - Parameters:
    ///   - deadline: until when they have to be sent; and how long, afterwards, nothing may come or go.
    ///   - mayRepeat: whether they may run twice. If so they are sent again when the connection is lost within the deadline.
    public func perform(_ commands: [RESPCommand], deadline: Duration, mayRepeat: Bool = false) async -> [Reply] {
        await begin(commands, deadline: deadline, mayRepeat: mayRepeat).replies()
    }

    /// Sends commands in one go; their replies are asked for later. What one task begins goes out in that order.
    ///
    /// - Parameter isCancellable: whether nothing is sent if the task is cancelled already.
    public func begin(
        _ commands: [RESPCommand], deadline: Duration, mayRepeat: Bool = false, isCancellable: Bool = true
    ) -> PoolCall {
        let call = RedisCall(commands, deadline: deadline, patience: deadline, mayRepeat: mayRepeat)
        submit(call, isCancellable) { $0.submit(call) }
        return PoolCall(pool: self, call: call)
    }

    /// Sends a command that the server answers only after a while, on a connection of its own.
    ///
    /// When the task is cancelled, the server is told to end the command (`CLIENT UNBLOCK`; where that is not allowed the
    /// connection is closed). What it answers at that very moment is dropped.
    /// - Parameters:
    ///   - wait: how long the server may take for it.
    ///   - deadline: until when it has to be sent, and how late the answer may be.
    public func block(
        _ command: RESPCommand, for wait: Duration, deadline: Duration, mayRepeat: Bool = false
    ) async -> Reply {
        // Some servers begin the wait anew when another consumer was quicker (redis #12998).
        let call = RedisCall([command], deadline: deadline, patience: wait * 2 + deadline, mayRepeat: mayRepeat)
        submit(call) { $0.block(call) }
        return await replies(to: call)[0]
    }

    func submit(
        _ call: RedisCall, _ isCancellable: Bool = true, _ body: @escaping @Sendable (PoolLanes) -> Void
    ) {
        if isCancellable, Task.isCancelled {
            call.cancel()
        } else if call.commands.isEmpty || !loop.post({ [lanes] in body(lanes) }) {
            call.refuse()
        }
    }

    func replies(to call: RedisCall) async -> [Reply] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { call.start($0) }
        } onCancel: {
            call.cancel()
            loop.post { [lanes] in lanes.cancelled(call) }
        }
    }

    /// Begins to connect, if nothing has yet.
    public func start() { loop.post { [lanes] in lanes.start { _ in } } }

    /// Closes all connections and ends the loop; calls without a reply fail.
    ///
    /// - Parameter deadline: for so long what was sent may get its reply. New calls fail at once.
    public func close(within deadline: Duration = .zero) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isTaken = loop.post { [lanes] in
                if deadline > .zero {
                    lanes.drain(within: deadline) { continuation.resume() }
                } else {
                    lanes.close()
                    continuation.resume()
                }
            }
            if !isTaken { continuation.resume() }
        }
        await loop.stop()
    }
}

/// Commands that are on their way. If nobody asks for the replies, they are dropped.
public struct PoolCall: Sendable {
    let pool: RedisPool
    let call: RedisCall

    /// Waits for the replies, in the order of the commands; once.
    ///
    /// - Parameter isCancellable: whether a task that is cancelled gives up at once.
    public func replies(isCancellable: Bool = true) async -> [RedisPool.Reply] {
        guard !isCancellable else { return await pool.replies(to: call) }
        return await withCheckedContinuation { call.start($0) }
    }
}
