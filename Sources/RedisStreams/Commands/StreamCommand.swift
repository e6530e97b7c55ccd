package import FootbridgeRESP
package import FootbridgeRedis

/// A command on streams together with the shape of its reply.
///
/// The same values serve callbacks and `async` code: `connection.send(.acknowledge(…)) { … }`, `try await
/// connection.call(.acknowledge(…))`.
package struct StreamCommand<Reply: Sendable>: Sendable {
    package let command: RESPCommand
    /// `nil` if the reply has not the shape that the command promises.
    let decode: @Sendable (RESPValue) -> Reply?
    /// It changes nothing, so it may run twice.
    let isReadOnly: Bool
    /// What not every server can do.
    let needs: ServerNeed?

    package init(
        _ command: RESPCommand, isReadOnly: Bool = false, needs: ServerNeed? = nil,
        decode: @escaping @Sendable (RESPValue) -> Reply?
    ) {
        self.command = command
        self.isReadOnly = isReadOnly
        self.needs = needs
        self.decode = decode
    }

    package func result(_ reply: Result<RESPValue, RedisError>) -> Result<Reply, RedisError> {
        reply.flatMap { value in
            guard let decoded = decode(value) else {
                return .failure(.unexpectedReply(command: command.name, reply: value.shape))
            }
            return .success(decoded)
        }
    }
}

extension RedisConnection {
    /// Queues a command; the completion is called on the loop.
    package func send<Reply>(
        _ command: StreamCommand<Reply>, deadline: Duration = .seconds(5),
        _ completion: @escaping (Result<Reply, RedisError>) -> Void
    ) {
        send(command.command, deadline: deadline) { completion(command.result($0)) }
    }

    /// The same for `async` code on the loop.
    package func call<Reply>(
        _ command: StreamCommand<Reply>, deadline: Duration = .seconds(5)
    ) async throws(RedisError) -> Reply {
        let result: Result<Reply, RedisError> = await withCheckedContinuation { continuation in
            send(command, deadline: deadline) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}
