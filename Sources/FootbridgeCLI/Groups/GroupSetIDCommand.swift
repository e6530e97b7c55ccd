import ArgumentParser
import RedisStreams

struct GroupSetIDCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-id",
        abstract: "Moves a group, after it has shown what would be skipped or delivered again.",
        discussion: """
            New for the group is then what is behind the id, or from the time on. What is pending stays so.

            Examples:
              footbridge group set-id billing orders --to 0
              footbridge group set-id billing orders refunds --to 2h
              footbridge group set-id billing orders --to '$' --yes
            """)

    @OptionGroup var names: GroupArguments

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("0: the beginning, $: the end, an id, or a time.", valueName: "place"),
        transform: { try StreamPosition(argument: $0) })
    var to: StreamPosition

    @Flag(help: "Print a JSON object per stream: group, stream, moved.")
    var json = false

    @OptionGroup var confirmation: ConfirmOption
    @OptionGroup var server: RedisOption

    func run() async throws {
        let streams = names.streams.distinct
        try await server.perform(on: streams, group: names.group) { redis in
            let group = redis.consumerGroup(names.group, of: streams)
            try await confirmation.confirm {
                var lines: [String] = []
                // What is wrong with one of them is told when it comes to it.
                var faults = StreamFaults()
                for stream in streams {
                    lines +=
                        try await faults.serve(stream) { try await GroupMove.of(group, stream, to: to)?.lines ?? [] }
                        ?? []
                }
                return lines
            }
            let change = GroupChange(group: names.group, what: "moved", json: json)
            var faults = StreamFaults()
            for stream in streams {
                let isMoved: Void? = try await faults.serve(stream) { try await group[stream].setID(to) }
                if isMoved != nil || json { try change.print(stream, isChanged: isMoved != nil) }
            }
            try faults.end()
        }
    }
}
