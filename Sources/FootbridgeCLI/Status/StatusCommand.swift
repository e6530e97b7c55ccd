import ArgumentParser
import Footbridge
import Redis

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows what is owed: streams, groups and consumers, straight from Redis.",
        discussion: """
            No bridge has to run. UNREAD and PENDING are of the group, so of all instances together; UNREAD is ? where \
            Redis does not know it. OLDEST is the age of the oldest pending entry. A consumer is dead when it was silent \
            for claim_after: a bridge that runs takes its entries over. Secrets of receivers are not needed.

            Examples:
              footbridge status
              footbridge status -c /etc/footbridge/orders.yaml
              footbridge status --json | jq '.routes[].streams[].pending'

            Exit codes: 0 fine (dead consumers and dead letters included), 69 Redis cannot be reached, 78 errors.
            """)

    @OptionGroup var config: ConfigOption

    @OptionGroup var state: StateOption

    @Flag(help: "Print one JSON object; what is unknown is left out.")
    var json = false

    func run() async throws {
        let bridgeConfig = try config.loadWithoutDestinations()
        let connection = try ToolConnection(nil, config: config, state: state)
        let client = try await connection.open()
        let result: Result<StatusReport, RedisError>
        do throws(RedisError) {
            result = .success(try await StatusReader(config: bridgeConfig, client: client).report())
        } catch {
            result = .failure(error)
        }
        await client.close()
        switch result {
        case .failure(let error): throw connection.trouble(error).failed
        case .success(let report):
            print(json ? try report.json() : report.text)
            if report.errors.isEmpty { return }
            if !json { for error in report.errors { complain("footbridge: \(error)") } }
            throw CommandExit.configuration
        }
    }
}
