import ArgumentParser

/// `footbridge stream …`
struct StreamFamily: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream",
        abstract: "Reads and changes Redis streams.",
        discussion: """
            Where an entry's place is asked for, write its id (1700000000000-0), a time (2026-01-31, 2026-01-31T10:00Z, \
            2026-01-31T10:00:00.5+02:00), or how long ago (90s, 2h, 7d).

            Exit codes: 0 done, 1 not confirmed, 64 wrong usage, or nobody to confirm, 69 Redis cannot be reached, 74 the output \
            cannot be written, 78 Redis refuses: no such stream or group, a key that is no stream, missing rights.
            """,
        subcommands: [
            StreamAddCommand.self, StreamRangeCommand.self, StreamReadCommand.self, StreamTailCommand.self,
            StreamTrimCommand.self, StreamDeleteCommand.self, StreamLengthCommand.self, StreamInfoCommand.self,
            StreamListCommand.self,
        ])
}
