import ArgumentParser
import RedisStreams

struct GroupDestroyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Removes a group, after it has shown what is pending in it; the entries stay.",
        discussion: """
            Which entries the group has read, and which of them are not acknowledged, is then forgotten.

            Examples:
              footbridge group destroy billing orders
              footbridge group destroy billing orders refunds --yes
            """)

    @OptionGroup var names: GroupArguments

    @Flag(help: "Print a JSON object per stream: group, stream, destroyed.")
    var json = false

    @OptionGroup var confirmation: ConfirmOption
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = names.streams.distinct
        try await server.perform(on: streams, group: names.group) { redis in
            let group = redis.consumerGroup(names.group, of: streams)
            try await confirmation.confirm {
                var lines: [String] = []
                for stream in streams { lines += try await Self.loss(of: group, stream) }
                return lines
            }
            let destroyed = try await group.destroy()
            try GroupChange(group: names.group, what: "destroyed", otherwise: "has no such group")
                .print(streams.map { ($0, destroyed[StreamName($0)] == true) }, json: json)
        }
    }

    private static func loss(of group: ConsumerGroup, _ stream: String) async throws -> [String] {
        let info: GroupInfo
        do {
            guard let found = try await group[stream].info() else { return [] }
            info = found
        } catch Redis.Failure.server(.noStream, _) {
            return []
        }
        return lines(info, stream: stream, consumers: try await group[stream].consumers())
    }

    static func lines(_ info: GroupInfo, stream: String, consumers: [ConsumerInfo]) -> [String] {
        let name = EscapedText.line(info.name.utf8)
        let unread = info.lag.map { "\($0)" } ?? "an unknown number of"
        var lines = [
            "\(EscapedText.line(stream.utf8)): group \(name) will be removed; the entries stay",
            "  last delivered \(info.lastDelivered.shown), \(unread) unread",
        ]
        for consumer in consumers where consumer.pendingCount > 0 {
            lines.append(
                "  consumer \(EscapedText.line(consumer.name.utf8)) has \(consumer.pendingCount) pending: "
                    + "nobody will know that they are not acknowledged")
        }
        return lines
    }
}
