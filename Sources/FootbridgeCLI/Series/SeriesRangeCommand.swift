import ArgumentParser
import RedisStreams

struct SeriesRangeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "range",
        abstract: "Prints the entries of a span of time, of all streams, in the order of time.",
        discussion: """
            The end is part of the span, all of its millisecond. However long the streams are, they are read in portions.

            Examples:
              footbridge series range s1 s2 --since 2018-01-02 --until 2018-01-05
              footbridge series range s1 s2 --since 7d -n 100 --json
            """)

    @Argument(help: "The streams.")
    var streams: [String]

    @OptionGroup var range: RangeOptions

    @Flag(help: "The newest first.")
    var reverse = false

    @OptionGroup var filter: WhereOption
    @OptionGroup var output: EntryOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = streams.distinct
        try await server.perform(on: streams) { redis in
            try await redis.print(
                range.interval, of: streams, count: range.count, newestFirst: reverse, where: filter.filter(),
                to: output.printer(for: streams))
        }
    }
}
