import ArgumentParser
import Footbridge

/// The command line: one file per command, in a folder of its name.
@main
struct FootbridgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "footbridge",
        abstract: "Carries entries from Redis Streams to HTTP endpoints, and loses none.",
        discussion: """
            Begin with `footbridge demo`, which needs nothing but redis-server. Then write a bridge.yaml \
            (docs/configuration.md), try it with `footbridge check`, and run it with `footbridge run`.

            Exit codes: 0 done, 1 ended by a second signal, or not confirmed, 64 wrong usage, 65 a line of input is wrong, 69 something \
            needed is unavailable (Redis, a port, a lock), 78 wrong configuration, or Redis refuses.
            """,
        version: Version.current,
        subcommands: [
            RunCommand.self, CheckCommand.self, TryCommand.self, StatusCommand.self, DemoCommand.self, SendCommand.self,
            ListenCommand.self, SecretFamily.self, VersionCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(name: "Redis Streams", subcommands: [StreamFamily.self, GroupFamily.self, SeriesFamily.self])
        ])
}
