import ArgumentParser
import Footbridge
import Glibc

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
            needed is unavailable (Redis, a port, a lock), 74 the output cannot be written, 78 wrong configuration, or Redis refuses.
            """,
        version: Version.current,
        subcommands: [
            RunCommand.self, ReloadCommand.self, CheckCommand.self, TryCommand.self, StatusCommand.self,
            VerifyCommand.self, DeadFamily.self, ReplayCommand.self,
            DemoCommand.self, SendCommand.self,
            ListenCommand.self, SecretFamily.self, ConfigFamily.self, VersionCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(
                name: "A bridge that runs",
                subcommands: [
                    TailCommand.self, PauseCommand.self, DrainCommand.self, ResumeCommand.self, RetryCommand.self,
                ]),
            CommandGroup(name: "Redis Streams", subcommands: [StreamFamily.self, GroupFamily.self, SeriesFamily.self]),
        ])

    static func main() async {
        ProcessPrivacy.begin()
        ProcessSignals.begin()
        LineOutput.holdStandardDescriptors()
        let words = Array(CommandLine.arguments.dropFirst())
        let code: ExitCode
        do {
            if let objection = CommandWords(root: Self.self).objection(to: words) {
                throw failure(objection, .validationFailure)
            }
            try await perform(words)
            code = .success
        } catch {
            code = tell(error)
        }
        Glibc.exit(LineOutput.exit(after: code).rawValue)
    }

    // Apart from `main`: see `ToolConnection.init`.
    @inline(never)
    private static func perform(_ words: [String]) async throws {
        var command = try await asyncParseAsRoot(words)
        do {
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch let error as ValidationError {
            // What is found out while it runs is told as what the parser finds, with the usage of this command.
            let kind = type(of: command)
            complain("Error: \(error.message)\nUsage: \(usageString(for: kind))")
            throw ExitCode.validationFailure
        }
    }

    /// Prints what there is to say of an error, or the help that was asked for.
    private static func tell(_ error: any Error) -> ExitCode {
        // Told in the end, of whatever was printed.
        if error is OutputFailure { return .success }
        let (text, code) = (fullMessage(for: error), exitCode(for: error))
        if !text.isEmpty { (code == .success ? LineOutput.standardOutput : .standardError).write(text) }
        return code
    }
}
