import ArgumentParser

/// `footbridge series …`
struct SeriesFamily: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "series",
        abstract: "Adds and reads by time, over several Redis streams.",
        discussion: """
            The entries of all streams in the order of time. A time is written 2026-01-31, 2026-01-31T10:00Z or \
            2026-01-31T10:00:00.5+02:00, or as how long ago it is: 90s, 2h, 7d. Groups of series are made and changed by \
            footbridge group.

            Exit codes: as of footbridge stream.
            """,
        subcommands: [SeriesAddCommand.self, SeriesRangeCommand.self, SeriesReadCommand.self])
}
