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
        try await server.perform(on: streams, group: names.group, isMaking: false) { redis in
            let group = redis.consumerGroup(names.group, of: streams)
            try await confirmation.confirm {
                var lines: [String] = []
                for stream in streams { lines += try await Self.loss(of: group, stream) }
                return lines
            }
            let change = GroupChange(group: names.group, what: "destroyed", json: json)
            var faults = StreamFaults()
            for stream in streams {
                let isDestroyed: Void? = try await faults.serve(stream) {
                    guard try await group[stream].destroy() else {
                        throw Redis.Failure(.noGroup, serverError: "no such group")
                    }
                }
                // What was not there is told at the end; a program gets its line all the same.
                if isDestroyed != nil || json { try change.print(stream, isChanged: isDestroyed != nil) }
            }
            try faults.end()
        }
    }

    private static func loss(of group: ConsumerGroup, _ stream: String) async throws -> [String] {
        let info: GroupInfo
        do {
            guard let found = try await group[stream].info() else { return [] }
            info = found
        } catch {
            guard error.kind == .noStream else { throw error }
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
            let has =
                consumer.isBookkeeping
                ? "\(consumer.pendingCount) pending were handed over by bridges that stopped"
                : "consumer \(EscapedText.line(consumer.name.utf8)) has \(consumer.pendingCount) pending"
            lines.append("  \(has): nobody will know that they are not acknowledged")
        }
        return lines
    }
}
