import ArgumentParser
import RedisStreams

struct GroupConsumersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consumers",
        abstract: "Lists the consumers of a group.",
        discussion: "IDLE is how long ago a consumer was last heard of.")

    @OptionGroup var names: GroupArguments
    @OptionGroup var output: RecordOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = names.streams.distinct
        try await server.perform(on: streams, group: names.group) { redis in
            var records = Records(["stream", "consumer", "pending", "idle"], left: 2)
            for stream in streams {
                for consumer in try await redis.consumerGroup(names.group, of: streams)[stream].consumers() {
                    records.add(
                        .text(stream), .text(consumer.name), .count(consumer.pendingCount), .duration(consumer.idle))
                }
            }
            try records.print(json: output.json)
            if records.rows.isEmpty { complain("footbridge: no consumers") }
        }
    }
}
