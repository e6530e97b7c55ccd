internal import FootbridgeRedis
public import Logging

extension Redis {
    /// Connects to a server, in one attempt.
    ///
    /// ```
    /// redis://[user[:password]@]host[:port][/database][?name=…]
    /// rediss://…?ca=…&cert=…&key=…&insecure=true&server_name=…
    /// unix://[user[:password]@]/path/to.sock[?db=…&name=…]
    /// ```
    /// - Parameters:
    ///   - url: `%XX` stands for a byte in user, password, path and options.
    ///   - deadline: for each command: how long it may wait to be sent, and then how long the connection may be silent.
    /// - Throws: `invalidConfiguration` with what is wrong in the URL, `unreachable`, or what the server refuses us with.
    public static func connect(_ url: String, deadline: Duration = .seconds(5)) async throws(Failure) -> Redis {
        var configuration = try RedisConfiguration(url)
        configuration.deadline = deadline
        return try await connect(configuration)
    }

    /// Connects to the master that Sentinels know, and follows them when it changes.
    ///
    /// - Parameters:
    ///   - master: what the Sentinels call it.
    ///   - sentinels: URLs of at least one, `redis://10.0.0.1:26379`; credentials in the first are for all of them.
    ///   - url: database, credentials and TLS options for the master itself; its host and port do not count.
    public static func connect(
        master: String, sentinels: [String], _ url: String = "redis://localhost", deadline: Duration = .seconds(5)
    ) async throws(Failure) -> Redis {
        var configuration = try RedisConfiguration(url)
        configuration.sentinel = try RedisConfiguration.Sentinel(master: master, urls: sentinels)
        configuration.deadline = deadline
        return try await connect(configuration)
    }

    /// Connects as a configuration says, in one attempt.
    ///
    /// - Throws: `invalidConfiguration`, `unreachable`, or what the server refuses us with.
    public static func connect(
        _ configuration: RedisConfiguration, logger: Logger? = nil
    ) async throws(Failure) -> Redis {
        let redis = Redis(configuration, logger: logger)
        _ = try redis.core.target.get()
        do throws(RedisError) {
            try await redis.core.connect()
        } catch {
            await redis.close()
            throw Task.isCancelled ? Failure(.cancelled) : Failure(connecting: error)
        }
        return redis
    }
}
