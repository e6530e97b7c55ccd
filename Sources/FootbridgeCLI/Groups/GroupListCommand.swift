import ArgumentParser
import RedisStreams

struct GroupListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the groups of streams.",
        discussion: "LAG is what a group has still to read; ? where Redis does not know it.")

    @Argument(help: "The streams.")
    var streams: [String]

    @OptionGroup var output: RecordOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = streams.distinct
        try await server.perform(on: streams) { redis in
            var records = Records(["stream", "group", "consumers", "pending", "lag", "last_delivered"], left: 2)
            for stream in streams {
                for group in try await redis.stream(stream).groups() {
                    records.add(
                        .text(stream), .text(group.name), .count(group.consumerCount), .count(group.pendingCount),
                        .count(group.lag), .id(group.lastDelivered))
                }
            }
            try records.print(json: output.json)
            if records.rows.isEmpty { complain("footbridge: no groups") }
        }
    }
}
