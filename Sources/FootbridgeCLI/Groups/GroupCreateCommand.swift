import ArgumentParser
import RedisStreams

struct GroupCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Makes a group, and streams that are missing, empty.",
        discussion: """
            A group that is there stays as it is.

            Examples:
              footbridge group create billing orders
              footbridge group create billing orders refunds --from '$'
              footbridge group create audit orders --from 2026-01-02T00:00Z
            """)

    @OptionGroup var names: GroupArguments

    @Option(
        name: [.long, .customLong("since")], parsing: .unconditional,
        help: ArgumentHelp(
            "Give it what is behind this id, or from this time on; 0: all, $: what comes from now on.",
            valueName: "place"),
        transform: { try StreamPosition(argument: $0) })
    var from = StreamPosition.beginning

    @Flag(help: "Print a JSON object per stream: group, stream, created.")
    var json = false

    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = names.streams.distinct
        try await server.perform(on: streams, group: names.group) { redis in
            let created = try await redis.consumerGroup(names.group, of: streams).create(from: from)
            try GroupChange(group: names.group, what: "created", otherwise: "was there already")
                .print(streams.map { ($0, created[StreamName($0)] == true) }, json: json)
        }
    }
}

/// What became of a group in its streams.
struct GroupChange {
    let group: String
    /// A participle: `created`.
    let what: String
    let otherwise: String

    /// `orders: created`, or `{"group":"billing","stream":"orders","created":true}`.
    func print(_ streams: [(name: String, isChanged: Bool)], json: Bool) throws(OutputClosed) {
        for stream in streams {
            if json {
                var line = JSONLine()
                line.add("group", group)
                line.add("stream", stream.name)
                line.add(what, stream.isChanged)
                try LineOutput.standardOutput.put(line.bytes)
            } else {
                let name = EscapedText.line(stream.name.utf8)
                try LineOutput.standardOutput.put("\(name): \(stream.isChanged ? what : otherwise)")
            }
        }
    }
}
