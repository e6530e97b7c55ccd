import ArgumentParser
import Footbridge
import FootbridgeRedis
import Logging

/// `--state DIR`, and the Redis that a configuration names, started if it is ours.
struct StateOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Where the embedded Redis keeps its data. Without it: what the configuration says, else a directory of its own in \
            /var/lib/footbridge if that can be written, else in $XDG_STATE_HOME/footbridge.
            """, valueName: "dir"))
    var state: String?

    /// Where the embedded Redis of a bridge is that runs with this configuration.
    func embeddedURL(_ embedded: EmbeddedConfig, config path: String) throws -> RedisURL {
        do throws(EmbeddedRedisError) {
            return try EmbeddedRedis.url(
                stateDirectory: directory(embedded, StateOwner(config: path)), config: embedded)
        } catch {
            throw failure("\(error)", ExitCode(error.exitCode))
        }
    }

    /// For `redis: embedded` the server is up when this returns.
    func redis(
        for config: BridgeConfig, at path: String, logger: Logger
    ) async throws -> (RedisTarget, EmbeddedRedis?) {
        let clientName = "footbridge:\(config.instance)"
        if let target = config.redis.target(clientName: clientName) { return (target, nil) }
        let embedded = config.redis.ownServer ?? EmbeddedConfig()
        let owner = StateOwner(config: path)
        let directory = directory(embedded, owner)
        let redis = EmbeddedRedis(stateDirectory: directory, config: embedded, owner: owner, logger: logger)
        do throws(EmbeddedRedisError) {
            if (state ?? embedded.directory) == nil { try look(at: directory, logger) }
            try await redis.start()
        } catch {
            throw failure("\(error)", ExitCode(error.exitCode))
        }
        return (RedisTarget(redis.url, defaultClientName: clientName), redis)
    }

    /// Looks at a state directory that nobody has named before it is used.
    private func look(at directory: String, _ logger: Logger) throws(EmbeddedRedisError) {
        try StateDirectory.checkUser(of: directory)
        guard !StateDirectory.exists(directory) else { return }
        for (place, configuration) in StateDirectory.abandoned(beside: directory) {
            logger.warning(
                "beginning with an empty state, and here is one whose configuration is gone: --state goes on with it",
                metadata: [LogKeys.path: "\(place)", LogKeys.last: "\(configuration)"])
        }
    }

    private func directory(_ embedded: EmbeddedConfig, _ owner: StateOwner?) -> String {
        StateDirectory.path(given: state ?? embedded.directory, owner: owner)
    }
}
