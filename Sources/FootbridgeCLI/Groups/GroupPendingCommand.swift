import ArgumentParser
import RedisStreams

struct GroupPendingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pending",
        abstract: "Lists what is pending: given to a consumer and not acknowledged.",
        discussion: """
            IDLE is how long ago an entry was given or claimed last, DELIVERIES how often. Looking changes neither.

            Examples:
              footbridge group pending billing orders
              footbridge group pending billing orders --consumer billing.c1 --idle 5m
              footbridge group pending billing orders refunds --since 2h -n 20 --json
            """)

    @OptionGroup var names: GroupArguments

    @Option(parsing: .unconditional, help: ArgumentHelp("Only what this consumer has.", valueName: "name"))
    var consumer: String?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Only what was given so long ago.", valueName: "time"),
        transform: { try DurationArgument(parsing: $0) })
    var idle: DurationArgument?

    @OptionGroup var range: RangeOptions
    @OptionGroup var output: RecordOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = names.streams.distinct
        try await server.perform(on: streams, group: names.group) { redis in
            let group = redis.consumerGroup(names.group, of: streams)
            var records = Records(["stream", "id", "consumer", "idle", "deliveries"], left: 4)
            var faults = StreamFaults()
            for stream in streams {
                guard let entries = try await faults.serve(stream, { try await all(group[stream]) }) else { continue }
                if entries.isEmpty, let consumer { try await complainOfMissing(consumer, group[stream], stream) }
                for entry in entries {
                    records.add(
                        .text(stream), .id(entry.id), .text(entry.consumer), .duration(entry.idle),
                        .count(entry.deliveryCount))
                }
            }
            try records.print(json: output.json)
            try faults.end()
        }
    }

    private func complainOfMissing(_ consumer: String, _ group: GroupStream, _ stream: String) async throws {
        let consumers = try await group.consumers()
        if consumers.contains(where: { $0.name == consumer }) { return }
        complain("footbridge: \(consumers.absence(of: consumer, in: stream))")
    }

    /// In portions, for the server does nothing else meanwhile.
    private func all(_ group: GroupStream) async throws -> [PendingEntry] {
        let limit = range.count ?? .max
        var interval = range.interval
        var entries: [PendingEntry] = []
        while entries.count < limit {
            let count = min(1000, limit - entries.count)
            let page = try await group.pending(
                interval, count: count, consumer: consumer, minimumIdle: idle?.duration)
            entries += page
            guard page.count == count, let last = page.last else { break }
            interval.from = .excluded(last.id)
        }
        return entries
    }
}
