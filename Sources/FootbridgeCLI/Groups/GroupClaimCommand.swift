import ArgumentParser
import RedisStreams

struct GroupClaimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claim",
        abstract: "Takes over what is pending with other consumers, and prints it.",
        discussion: """
            Names the entries, or takes all that have been pending for --idle. It raises their delivery counts and begins \
            their idle times anew. What is no longer in the stream is not printed, and no longer pending.

            Examples:
              footbridge group claim billing orders 1767312000000-0 --consumer me
              footbridge group claim billing orders --idle 10m -n 100 --consumer me
            """)

    @Argument(help: "The group.")
    var group: String

    @Argument(help: "The stream.")
    var stream: String

    @Argument(
        help: ArgumentHelp("The entries' ids, such as 1767312000000-0.", valueName: "id"),
        transform: { try EntryID(entry: $0) })
    var ids: [EntryID] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only what was given so long ago: 90s, 10m.", valueName: "time"),
        transform: { try DurationArgument(parsing: $0) })
    var idle: DurationArgument?

    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: ArgumentHelp("At most so many.", valueName: "n"))
    var count: Int?

    @OptionGroup var consumer: ConsumerOption
    @OptionGroup var output: EntryOutput
    @OptionGroup var server: RedisOption

    func validate() throws {
        if ids.isEmpty && idle == nil { throw ValidationError("name entries by their ids, or give --idle") }
        if !ids.isEmpty && count != nil {
            throw ValidationError("--count is for claims by --idle; leave it or the ids out")
        }
        if let count, count < 1 { throw ValidationError("--count must be at least 1") }
    }

    func run() async throws {
        let ids = ids.distinct
        try await server.perform(on: [stream], group: group) { redis in
            let part = redis.consumerGroup(group, of: [stream], consumer: consumer.consumer)[stream]
            var printer = output.printer(for: [stream])
            if ids.isEmpty { return try await claimAbandoned(part, &printer) }
            for entry in try await part.claim(ids, minimumIdle: idle?.duration ?? .zero) {
                try printer.print(Message(stream: stream, id: entry.id, fields: entry.fields))
            }
        }
    }

    private func claimAbandoned(_ part: GroupStream, _ printer: inout EntryPrinter) async throws {
        var (start, left) = (EntryID?.some(.zero), count ?? .max)
        while let from = start, left > 0 {
            let claimed = try await part.autoclaim(
                minimumIdle: idle?.duration ?? .zero, from: from, count: min(100, left))
            for entry in claimed.entries {
                try printer.print(Message(stream: stream, id: entry.id, fields: entry.fields))
            }
            left -= claimed.entries.count
            start = claimed.next
        }
    }
}
