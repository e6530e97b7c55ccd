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

    @Argument(help: "The stream.")
    var stream: String

    @Argument(
        help: ArgumentHelp("The entries' ids, such as 1767312000000-0.", valueName: "id"),
        transform: { try EntryID(entry: $0) })
    var ids: [EntryID]

    @Flag(help: "Print a JSON object: stream, acknowledged.")
    var json = false

    @OptionGroup var server: RedisOption

    func run() async throws {
        let ids = ids.distinct
        try await server.perform(on: [stream], group: group) { redis in
            let part = redis.consumerGroup(group, of: [stream])[stream]
            let acknowledged = try await part.acknowledge(ids)
            // Redis says 0 of a group that is not there, too.
            if acknowledged == 0 { _ = try await part.consumers() }
            try Count(stream: stream, what: "acknowledged", count: acknowledged).print(json: json)
        }
    }
}
