import ArgumentParser
import Footbridge
import FootbridgeRedis

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows what each route is doing, and what is owed.",
        discussion: """
            No bridge has to run. Those that do on this machine are asked; others leave a report in Redis every five seconds. The first table is \
            made of these, with what is wrong and what mends it; the rest comes from Redis. UNREAD and PENDING are of the group, so of all instances together; UNREAD is ? where \
            Redis does not know it. OLDEST is the age of the oldest pending entry. A consumer is dead when it was silent \
            for claim_after: a bridge that runs takes its entries over. With redis: embedded the last line says where applications \
            reach that Redis. Secrets of receivers are not needed.

            Examples:
              footbridge status
              footbridge status -c /etc/footbridge/orders.yaml
              footbridge status --watch
              footbridge status --json | jq '.routes[].streams[].pending'

            Exit codes: 0 fine (dead consumers and dead letters included), 69 Redis cannot be reached, 78 errors.
            """)

    @OptionGroup var config: ConfigOption

    @OptionGroup var state: StateOption

    @Flag(help: "Print one JSON object; what is unknown is left out.")
    var json = false

    @Flag(help: "Show it again every two seconds, until Ctrl-C.")
    var watch = false

    func run() async throws {
        let bridgeConfig = try config.loadWithoutDestinations()
        let connection = try ToolConnection(nil, config: config, state: state)
        guard watch else {
            let report = try await report(bridgeConfig, connection)
            print(json ? try report.json() : text(report, bridgeConfig, connection))
            if report.errors.isEmpty { return }
            if !json { for error in report.errors { complain("footbridge: \(error)") } }
            throw CommandExit.configuration
        }
        try await Interruptible.untilStopped { [self] in
            while true {
                let report = try await report(bridgeConfig, connection)
                try show(report, bridgeConfig, connection)
                try await Task.sleep(for: .seconds(2))
            }
        }
    }

    private func text(_ report: StatusReport, _ bridgeConfig: BridgeConfig, _ connection: ToolConnection) -> String {
        let text = report.text(width: LineOutput.standardOutput.terminalColumns)
        guard let embedded = bridgeConfig.redis.ownServer, let socket = connection.realSocket else { return text }
        return "\(text)\n\nEmbedded Redis: \(embedded.addresses(socket: socket).joined(separator: ", "))"
    }

    private func show(
        _ report: StatusReport, _ bridgeConfig: BridgeConfig, _ connection: ToolConnection
    ) throws {
        let output = LineOutput.standardOutput
        if json { return try output.put(try report.json()) }
        // On a terminal over what was there; elsewhere one after the other.
        let text = text(report, bridgeConfig, connection)
        try output.put(output.isTerminal ? "\u{1b}[H\u{1b}[2J\(text)" : "\(text)\n")
    }

    private func report(_ bridgeConfig: BridgeConfig, _ connection: ToolConnection) async throws -> StatusReport {
        let client = try await connection.open()
        let result: Result<StatusReport, RedisError>
        do throws(RedisError) {
            let asked = LocalReports.all(config: config.resolved)
            result = .success(try await StatusReader(config: bridgeConfig, client: client, asked: asked).report())
        } catch {
            result = .failure(error)
        }
        await client.close()
        switch result {
        case .failure(let error): throw connection.trouble(error).failed
        case .success(let report): return report
        }
    }
}
