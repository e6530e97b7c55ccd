public import FootbridgeCurl
public import FootbridgeRESP

/// One connection for `async` code, on a loop of its own: for commands and tools. It does not reconnect.
///
/// Callers may be many; their commands are pipelined.
public actor RedisClient {
    nonisolated let loop: CurlLoop
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let target: RedisTarget
    private var connection: RedisConnection?

    /// - Throws: if the system gives no thread or no descriptors.
    public init(_ target: RedisTarget) throws(CurlLoopError) {
        loop = try CurlLoop(name: "redis")
        self.target = target
    }

    /// Connects and greets. To be called once, before anything else.
    public func connect() async throws(RedisError) {
        let socket = try await located()
        let greeted: Result<Void, RedisError> = await withCheckedContinuation { continuation in
            let attempt = RedisAttempt(
                loop: loop, socket: socket, handshake: target.handshake, limits: target.limits,
                credentials: target.credentials
            ) { [self] result in
                connection = try? result.get()
                continuation.resume(returning: result.map { _ in () })
            }
            attempt.start()
        }
        try greeted.get()
    }

    /// The target's own address, or the one that a Sentinel names.
    private func located() async throws(RedisError) -> SocketTarget {
        guard let sentinel = target.sentinel else { return target.socket }
        let directory = SentinelDirectory(loop: loop, target: sentinel)
        let found: Result<SocketTarget.Address, RedisError> = await withCheckedContinuation { continuation in
            directory.locate { continuation.resume(returning: $0) }
        }
        var socket = target.socket
        socket.address = try found.get()
        return socket
    }

    /// Sends a command and waits for its reply; an error reply is thrown.
    public func call(_ command: RESPCommand, deadline: Duration = .seconds(5)) async throws(RedisError) -> RESPValue {
        guard let connection else { throw .closed }
        return try await connection.call(command, deadline: deadline)
    }

    /// Sends all commands at once and waits for all replies, in their order.
    public func pipeline(
        _ commands: [RESPCommand], deadline: Duration = .seconds(30)
    ) async -> [Result<RESPValue, RedisError>] {
        guard let connection, !commands.isEmpty else { return commands.map { _ in .failure(.closed) } }
        return await withCheckedContinuation { continuation in
            var replies: [Result<RESPValue, RedisError>] = []
            for command in commands {
                connection.send(command, deadline: deadline) { reply in
                    replies.append(reply)
                    if replies.count == commands.count { continuation.resume(returning: replies) }
                }
            }
        }
    }

    /// Disconnects and ends the loop.
    public nonisolated func close() async {
        await disconnect()
        await loop.stop()
    }

    private func disconnect() {
        connection?.close()
        connection = nil
    }
}
