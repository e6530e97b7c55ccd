import ArgumentParser

/// `footbridge dead …`
struct DeadFamily: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Lists dead letters, and replays, exports or drops them.",
        discussion: """
            A dead letter says of an entry that could not be delivered why, and holds its fields. `dead replay` gives it to its \
            route once more, and to no other: it has the same webhook-id as before. No bridge has to run; those that do hear of \
            it at once.

            Which letters: ids of letters or of their entries, --route, --reason, --status, --since, --until, --where; what is \
            left out excludes nothing.

            Exit codes: 0 done, also if there are no such letters, 1 not confirmed, 64 wrong usage, or nobody to confirm, 65 no such \
            letter (show), or some cannot be replayed and stay, 69 Redis cannot be reached, 74 output cannot be written, 78 wrong \
            configuration, or Redis refuses, 130 Ctrl-C.
            """,
        subcommands: [
            DeadListCommand.self, DeadShowCommand.self, DeadReplayCommand.self, DeadDropCommand.self,
            DeadExportCommand.self,
        ])
}
