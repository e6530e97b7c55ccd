import ArgumentParser
import RedisStreams

struct StreamReadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Prints entries behind an id, and waits for some if there are none.",
        discussion: """
            Examples:
              footbridge stream read orders --from 1767312000000-0
              footbridge stream read orders refunds --from '$' --wait 30s
              footbridge stream read orders --since 2h -n 10
            """)

    @Argument(help: "The streams.")
    var streams: [String]

    @Option(
        name: [.long, .customLong("since")], parsing: .unconditional,
        help: ArgumentHelp(
            "Behind this id, or from this time on; 0: all, $: what comes from now on.", valueName: "place"),
        transform: { try StreamPosition(argument: $0) })
    var from = StreamPosition.beginning

    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: ArgumentHelp("At most so many of each stream.", valueName: "n"))
    var count: Int?

    @OptionGroup var wait: WaitOption
    @OptionGroup var output: EntryOutput
    @OptionGroup var server: RedisOption

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1") }
    }

    func run() async throws {
        let streams = streams.distinct
        try await server.perform(on: streams) { redis in
            let batches = try await redis.read(
                after: streams.map { ($0, from) }, count: count, waiting: wait.waiting)
            var printer = output.printer(for: streams)
            for message in batches.messages { try printer.print(message) }
            let answered = batches.map(\.stream)
            try await redis.complainOfMissing(streams.filter { !answered.contains($0) })
        }
    }
}
