import ArgumentParser
import RedisStreams

/// Which entries of a stream: `--since`, `--until`, `--count`.
struct RangeOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("From here on: an id, a time, or how long ago (2h).", valueName: "place"),
        transform: { try EntryBound(start: $0) })
    var since: EntryBound?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Up to here, all of its millisecond if it is a time.", valueName: "place"),
        transform: { try EntryBound(end: $0) })
    var until: EntryBound?

    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: ArgumentHelp("At most so many.", valueName: "n"))
    var count: Int?

    func validate() throws {
        if let count, count < 0 { throw ValidationError("--count \(count) is below 0") }
        try interval.validate("--since", "--until")
    }

    var interval: EntryInterval { EntryInterval(from: since ?? .open, to: until ?? .open) }
}
