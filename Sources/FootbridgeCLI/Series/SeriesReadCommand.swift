import ArgumentParser
import RedisStreams

struct SeriesReadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Reads new entries of all streams for a group's consumer, in the order of time.",
        discussion: """
            As footbridge group read, which has the same order. What it prints is pending from then on, until it is \
            acknowledged: --ack does that once it is printed.

            Examples:
              footbridge series read stats s1 s2 -n 5
              footbridge series read stats s1 s2 --from 0
            """)

    @OptionGroup var names: GroupArguments
    @OptionGroup var reading: GroupReadOptions
    @OptionGroup var output: EntryOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = names.streams.distinct
        try await server.perform(on: streams, group: names.group) { redis in
            let series = redis.timeSeries(names.group, of: streams, consumer: reading.consumer.consumer)
            try await reading.read(series.group, to: output.printer(for: streams))
        }
    }
}
