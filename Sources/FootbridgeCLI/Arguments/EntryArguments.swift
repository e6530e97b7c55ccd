import ArgumentParser
import RedisStreams

/// A stream, and entries of it.
struct EntryArguments: ParsableArguments {
    @Argument(help: "The stream.")
    var stream: String

    @Argument(
        help: ArgumentHelp("The entries' ids, such as 1767312000000-0.", valueName: "id"),
        transform: { try EntryID(entry: $0) })
    var ids: [EntryID]
}
