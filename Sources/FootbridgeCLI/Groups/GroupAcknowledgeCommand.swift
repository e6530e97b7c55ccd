import ArgumentParser
import RedisStreams

struct GroupAcknowledgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ack",
        abstract: "Acknowledges entries: they are no longer pending, whoever has them.",
        discussion: """
            Examples:
              footbridge group ack billing orders 1767312000000-0 1767312000000-1
            """)

    @Argument(help: "The group.")
    var group: String

    @OptionGroup var entries: EntryArguments

    @Flag(help: "Print a JSON object: stream, acknowledged.")
    var json = false

    @OptionGroup var server: RedisOption

    func run() async throws {
        let (stream, ids) = (entries.stream, entries.ids.distinct)
        try await server.perform(on: [stream], group: group) { redis in
            let part = redis.consumerGroup(group, of: [stream])[stream]
            let acknowledged = try await part.acknowledge(ids)
            // Redis says 0 of a group that is not there, too.
            if acknowledged == 0 { _ = try await part.consumers() }
            try Count(stream: stream, what: "acknowledged", count: acknowledged).print(json: json)
        }
    }
}
