package import FootbridgeRedis

extension Redis {
    /// Connects to what a configuration names, in one attempt.
    ///
    /// - Throws: `RedisError`, which tells more of a connection than `Failure` does; `Failure` if the system gives no thread.
    package static func connect(to target: RedisTarget, deadline: Duration = .seconds(5)) async throws -> Redis {
        let redis = Redis(RedisCore(target, deadline: deadline), deadline: deadline)
        do throws(RedisError) {
            try await redis.core.connect()
        } catch {
            await redis.close()
            throw error
        }
        return redis
    }
}
