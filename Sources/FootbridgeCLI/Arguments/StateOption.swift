import ArgumentParser
import Footbridge
import Logging
import Redis

/// `--state DIR`, and the Redis that a configuration names, started if it is ours.
struct StateOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Where the embedded Redis keeps its data. Without it: /var/lib/footbridge if that can be written, \
            else $XDG_STATE_HOME/footbridge.
            """, valueName: "dir"))
    var state: String?

    /// Where the embedded Redis of a bridge is that runs with this state directory.
    func embeddedURL() throws -> RedisURL {
        let redis = EmbeddedRedis(
            stateDirectory: StateDirectory.path(given: state), logger: Logger(label: "footbridge"))
        do throws(EmbeddedRedisError) {
            try redis.checkPath()
        } catch {
            throw failure("\(error)", ExitCode(error.exitCode))
        }
        return try RedisURL(redis.url)
    }

    /// For `redis: embedded` the server is up when this returns.
    func redis(for config: BridgeConfig, logger: Logger) async throws -> (RedisTarget, EmbeddedRedis?) {
        let clientName = "footbridge:\(config.instance)"
        if let target = config.redis.target(clientName: clientName) { return (target, nil) }
        let redis = EmbeddedRedis(stateDirectory: StateDirectory.path(given: state), logger: logger)
        do throws(EmbeddedRedisError) {
            try await redis.start()
        } catch {
            throw failure("\(error)", ExitCode(error.exitCode))
        }
        return (RedisTarget(try RedisURL(redis.url), defaultClientName: clientName), redis)
    }
}
