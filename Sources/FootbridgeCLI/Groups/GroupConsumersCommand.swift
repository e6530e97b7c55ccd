import ArgumentParser
import RedisStreams

struct GroupConsumersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consumers",
        abstract: "Lists the consumers of a group.",
        discussion: """
            IDLE is how long ago a consumer was last heard of. Those by which bridges keep their books are left out, but for \
            footbridge:released while it has entries: they were handed over by a bridge that stopped, and the next one \
            takes them.
            """)

    @OptionGroup var names: GroupArguments
    @OptionGroup var output: RecordOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = names.streams.distinct
        try await server.perform(on: streams, group: names.group) { redis in
            var records = Records(["stream", "consumer", "pending", "idle"], left: 2)
            var faults = StreamFaults()
            for stream in streams {
                let part = redis.consumerGroup(names.group, of: streams)[stream]
                let consumers = try await faults.serve(stream) { try await part.consumers() } ?? []
                for consumer in consumers where !consumer.isBookkeeping || consumer.pendingCount > 0 {
                    records.add(
                        .text(stream), .text(consumer.name), .count(consumer.pendingCount), .duration(consumer.idle))
                }
            }
            try records.print(json: output.json)
            if records.rows.isEmpty && faults.faults.isEmpty { complain("footbridge: no consumers") }
            try faults.end()
        }
    }
}
