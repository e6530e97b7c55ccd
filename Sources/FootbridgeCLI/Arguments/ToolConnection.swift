import ArgumentParser
import Footbridge
import Glibc
import Logging
import Redis

/// How the tools reach Redis: by a URL of the command line, by the configuration, or at its usual place.
enum ToolConnection {
    static func open(_ url: String?, config: ConfigOption, state: StateOption) async throws -> RedisClient {
        try await open(target(url, config: config, state: state))
    }

    static func open(_ target: RedisTarget) async throws -> RedisClient {
        let client = try RedisClient(target)
        do throws(RedisError) {
            try await client.connect()
            return client
        } catch {
            await client.close()
            throw failure("cannot reach Redis at \(target.socket): \(error)", CommandExit.unavailable)
        }
    }

    private static func target(_ url: String?, config: ConfigOption, state: StateOption) throws -> RedisTarget {
        if let url {
            do throws(RedisURLError) {
                return RedisTarget(try RedisURL(url), defaultClientName: "footbridge-cli")
            } catch {
                throw ValidationError("--redis: \(error)")
            }
        }
        guard config.path != nil || access(config.resolved, R_OK) == 0 else {
            return RedisTarget(try RedisURL("redis://localhost:6379/0"), defaultClientName: "footbridge-cli")
        }
        switch try config.loadRedis() {
        case .url(let url): return RedisTarget(url, defaultClientName: "footbridge-cli")
        case .embedded:
            // The server of a bridge that runs: nothing is started here.
            let url = EmbeddedRedis(
                stateDirectory: StateDirectory.path(given: state.state), logger: Logger(label: "footbridge")
            ).url
            return RedisTarget(try RedisURL(url), defaultClientName: "footbridge-cli")
        }
    }
}
