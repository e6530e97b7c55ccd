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
            let group = redis.consumerGroup(names.group, of: streams)
            let change = GroupChange(group: names.group, what: "created", otherwise: "was there already", json: json)
            var faults = StreamFaults()
            for stream in streams {
                let isNew = try await faults.serve(stream) { try await group[stream].create(from: from) }
                if let isNew { try change.print(stream, isChanged: isNew) }
            }
            try faults.end()
        }
    }
}

/// What became of a group in a stream.
struct GroupChange {
    let group: String
    /// A participle: `created`.
    let what: String
    var otherwise = ""
    let json: Bool

    /// `orders: created`, or `{"group":"billing","stream":"orders","created":true}`.
    func print(_ stream: String, isChanged: Bool) throws(OutputFailure) {
        guard json else {
            let name = EscapedText.line(stream.utf8)
            return try LineOutput.standardOutput.put("\(name): \(isChanged ? what : otherwise)")
        }
        var line = JSONLine()
        line.add("group", group)
        line.add("stream", stream)
        line.add(what, isChanged)
        try LineOutput.standardOutput.put(line.bytes)
    }
}
