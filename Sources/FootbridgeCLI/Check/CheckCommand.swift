import ArgumentParser
import Footbridge
import FootbridgeRedis

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks the configuration; with --live also the Redis that it names.",
        discussion: """
            Tells all errors at once, each with its line, its column and its cure, and changes nothing. \
            --live asks the server for its version, persistence, eviction policy and permissions, and looks at each \
            stream and group.

            Examples:
              footbridge check
              footbridge check -c /etc/footbridge/orders.yaml --live
              footbridge check --show --paths
              footbridge check --explain orders

            Exit codes: 0 fine (warnings included), 69 Redis cannot be reached, 78 errors, or Redis refuses.
            """)

    @OptionGroup var config: ConfigOption

    @OptionGroup var state: StateOption

    @Flag(help: "Ask the real Redis, too.")
    var live = false

    @Flag(help: "Show every key with its value, defaults included; secrets are not shown.")
    var show = false

    @Flag(help: "With --show: show the paths of endpoints, too; those of chat services are secrets.")
    var paths = false

    @Option(help: ArgumentHelp("Show the attempts that an entry of this route would go through.", valueName: "route"))
    var explain: String?

    func validate() throws {
        if paths && !show { throw ValidationError("--paths says what --show shows; add --show") }
    }

    func run() async throws {
        let bridgeConfig = try config.load()
        if let explain {
            return print(RetryExplanation(route: try bridgeConfig.routes.named(explain, option: "--explain")))
        }
        let count = bridgeConfig.routes.count
        print("\(config.resolved): ok, \(count) \(count == 1 ? "route" : "routes")")
        for advice in bridgeConfig.advice { print(Finding(.warn, "\(advice)")) }
        for finding in MessageIDCheck.findings(bridgeConfig) { print(finding) }
        if show { print(bridgeConfig.dump(paths: paths)) }
        guard live else { return }
        let connection = try ToolConnection(nil, config: config, state: state)
        let client = try await connection.open()
        let report: [Finding]
        do throws(RedisError) {
            report = try await LiveCheck(config: bridgeConfig, client: client).report()
        } catch {
            await client.close()
            throw connection.trouble(error).failed
        }
        await client.close()
        for finding in report { print(finding) }
        if report.contains(where: { $0.level == .error }) { throw CommandExit.configuration }
    }
}
