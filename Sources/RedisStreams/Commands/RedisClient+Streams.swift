package import FootbridgeRedis

extension RedisClient {
    /// Sends a command on streams and waits for its reply.
    package func call<Reply>(
        _ command: StreamCommand<Reply>, deadline: Duration = .seconds(5)
    ) async throws(RedisError) -> Reply {
        let reply = try await call(command.command, deadline: deadline)
        return try command.result(.success(reply)).get()
    }

    /// Sends all commands at once and waits for all replies, in their order.
    package func pipeline<Reply>(_ commands: [StreamCommand<Reply>]) async -> [Result<Reply, RedisError>] {
        let replies = await pipeline(commands.map(\.command))
        return zip(commands, replies).map { $0.result($1) }
    }
}
