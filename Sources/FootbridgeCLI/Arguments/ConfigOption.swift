import ArgumentParser
import Footbridge
import Glibc

/// `-c FILE`, and how a file that does not hold up ends the command.
struct ConfigOption: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp(
            "The configuration. Without it: bridge.yaml here, else /etc/footbridge/bridge.yaml.", valueName: "file"))
    var path: String?

    var resolved: String {
        path ?? (access("bridge.yaml", F_OK) == 0 ? "bridge.yaml" : "/etc/footbridge/bridge.yaml")
    }

    /// Whether there is such a file.
    var isFound: Bool { access(resolved, F_OK) == 0 }

    /// The checked configuration; all its errors go to standard error, and the command ends with 78.
    func load() throws -> BridgeConfig { try load { path in try ConfigFile.load(path: path) } }

    /// The same, with what a bridge needs that follows its changes.
    func loadWatched() throws -> ReadConfig {
        try load { path in try ConfigFile.loadWatched(path: path) }
    }

    /// The same for tools that ask Redis alone; errors in webhooks do not matter.
    func loadWithoutDestinations() throws -> BridgeConfig {
        try load { path in try ConfigFile.loadWithoutDestinations(path: path) }
    }

    /// Where its Redis is; errors elsewhere in the file do not matter.
    func loadRedis() throws -> RedisSource { try load { path in try ConfigFile.loadRedis(path: path) } }

    private func load<Loaded>(_ body: (String) throws -> Loaded) throws -> Loaded {
        do {
            return try body(resolved)
        } catch {
            if path == nil && !isFound {
                complain(
                    "footbridge: there is neither bridge.yaml here nor \(resolved); "
                        + "name a file with -c, or begin with: footbridge config init")
            } else {
                complain("\(error)")
            }
            throw CommandExit.configuration
        }
    }
}
