import ArgumentParser
import RedisStreams

struct StreamRangeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "range",
        abstract: "Prints entries between two ids or times.",
        discussion: """
            Both ends are part of the range, unless they have a bracket in front: '(1767312000000-0'. A time is all of its \
            millisecond. However long the stream is, it is read in portions.

            Examples:
              footbridge stream range orders
              footbridge stream range orders 1767312000000-0 + -n 2
              footbridge stream range orders --since 2h --json | jq .fields.total
              footbridge stream range orders 2026-01-02T00:00Z 2026-01-03T00:00Z
              footbridge stream range orders --where '.fields.total | tonumber > 100' -n 10
              footbridge stream range pics 5-0 5-0 --raw --field jpg | head -c -1 > 5.jpg
            """)

    @Argument(help: "The stream.")
    var stream: String

    @Argument(
        help: ArgumentHelp("The same as --since: an id, a time, how long ago, or - for the first.", valueName: "from"),
        transform: { try EntryBound(start: $0) })
    var from: EntryBound?

    @Argument(
        help: ArgumentHelp("The same as --until, or + for the last.", valueName: "to"),
        transform: { try EntryBound(end: $0) })
    var to: EntryBound?

    @OptionGroup var range: RangeOptions

    @Flag(help: "The newest first.")
    var reverse = false

    @OptionGroup var filter: WhereOption
    @OptionGroup var output: EntryOutput
    @OptionGroup var server: RedisOption

    func validate() throws {
        if from != nil && range.since != nil {
            throw ValidationError("--since and a first place are the same; leave one out")
        }
        if to != nil && range.until != nil {
            throw ValidationError("--until and a last place are the same; leave one out")
        }
    }

    func run() async throws {
        let interval = EntryInterval(from: from ?? range.interval.from, to: to ?? range.interval.to)
        try interval.validate(from == nil ? "--since" : "the first place", to == nil ? "--until" : "the last")
        try await server.perform(on: [stream]) { redis in
            try await redis.print(
                interval, of: [stream], count: range.count, newestFirst: reverse, where: filter.filter(),
                to: output.printer(for: [stream]))
        }
    }
}
