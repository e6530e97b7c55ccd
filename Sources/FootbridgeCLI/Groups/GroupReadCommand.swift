import ArgumentParser
import RedisStreams

struct GroupReadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Reads as a consumer of a group, and prints what it was given.",
        discussion: """
            What it prints is pending for the consumer from then on, until it is acknowledged: --ack does that once it is \
            printed.

            Examples:
              footbridge group read billing orders -n 10
              footbridge group read billing orders refunds --consumer me --wait 30s --json
              footbridge group read billing orders --from 0
            """)

    @OptionGroup var names: GroupArguments
    @OptionGroup var reading: GroupReadOptions
    @OptionGroup var output: EntryOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = names.streams.distinct
        try await server.perform(on: streams, group: names.group) { redis in
            let group = redis.consumerGroup(names.group, of: streams, consumer: reading.consumer.consumer)
            try await reading.read(group, to: output.printer(for: streams))
        }
    }
}
