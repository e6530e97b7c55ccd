import ArgumentParser
import RedisStreams

struct GroupListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the groups of streams.",
        discussion: """
            LAG is what a group has still to read; ? where Redis does not know it. CONSUMERS does not count those by which \
            bridges keep their books.
            """)

    @Argument(help: "The streams.")
    var streams: [String]

    @OptionGroup var output: RecordOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = streams.distinct
        try await server.perform(on: streams) { redis in
            var records = Records(["stream", "group", "consumers", "pending", "lag", "last_delivered"], left: 2)
            var faults = StreamFaults()
            for stream in streams {
                for group in try await faults.serve(stream, { try await redis.stream(stream).groups() }) ?? [] {
                    let part = redis.consumerGroup(group.name, of: [stream])[stream]
                    let consumers = try await faults.serve(stream) { try await part.consumers() }
                    records.add(
                        .text(stream), .text(group.name), .count(consumers?.count { !$0.isBookkeeping }),
                        .count(group.pendingCount),
                        .count(group.lag), .id(group.lastDelivered))
                }
            }
            try records.print(json: output.json)
            if records.rows.isEmpty && faults.faults.isEmpty { complain("footbridge: no groups") }
            try faults.end()
        }
    }
}
