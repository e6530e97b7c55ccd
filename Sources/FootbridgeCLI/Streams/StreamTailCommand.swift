import ArgumentParser
import RedisStreams

struct StreamTailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Prints entries as they are added, until Ctrl-C; with --group the progress of a group.",
        discussion: """
            Begins with what is added from now on; -n and --since bring earlier entries first. When Redis is away it waits \
            and goes on where it was. Several streams have colours of their own, unless NO_COLOR is set.

            With --group it reads nothing, but shows each second what the group was given last, what is pending, and the \
            lag, the entries that it has still to read: in place on a terminal, otherwise a line per change.

            Examples:
              footbridge stream tail orders
              footbridge stream tail orders refunds -n 10
              footbridge stream tail orders --since 15m --json | jq .fields
              footbridge stream tail orders -n 5 --where '.fields.type == "order.paid"'
              footbridge stream tail orders --group billing

            Exit codes: 0 after SIGINT or SIGTERM, 69 Redis cannot be reached at the start, 74 the output cannot be written, \
            78 Redis refuses.
            """)

    @Argument(help: "The streams; one that is not there yet is waited for.")
    var streams: [String]

    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: ArgumentHelp("Begin with the last n entries.", valueName: "n"))
    var count: Int?

    @Option(
        name: [.long, .customLong("since")], parsing: .unconditional,
        help: ArgumentHelp("Begin behind this id, or at this time; 0: the beginning.", valueName: "place"),
        transform: { try StreamPosition(argument: $0) })
    var from: StreamPosition?

    @Option(parsing: .unconditional, help: ArgumentHelp("Follow this group's progress.", valueName: "name"))
    var group: String?

    @OptionGroup var filter: WhereOption
    @OptionGroup var output: EntryOutput
    @OptionGroup var server: RedisOption

    func validate() throws {
        if let count, count < 0 { throw ValidationError("-n \(count) is below 0") }
        if count != nil && from != nil {
            throw ValidationError("-n and --since say both where to begin; leave one out")
        }
        if group != nil && (count != nil || from != nil || filter.program != nil || output.raw || !output.field.isEmpty)
        {
            throw ValidationError("--group shows no entries; leave -n, --since, --where, --raw and --field out")
        }
    }

    func run() async throws {
        let streams = streams.distinct
        try await Interruptible.untilStopped {
            try await server.perform(on: streams, group: group) { redis in
                if let group {
                    try await GroupProgress(redis: redis, group: group, streams: streams, json: output.json).follow()
                } else {
                    try await follow(streams, redis)
                }
            }
        }
    }

    private func follow(_ streams: [String], _ redis: Redis) async throws {
        var printer = output.printer(for: streams)
        var positions: [(stream: String, after: StreamPosition)] = streams.map { ($0, from ?? .latest) }
        if from == nil || from == .latest {
            for index in positions.indices {
                positions[index].after = .after(try await redis.stream(positions[index].stream).lastID)
            }
        }
        try await redis.complainOfMissing(streams, " yet: waiting for it")
        let filter = try filter.filter()
        defer { filter?.end() }
        if let count {
            for message in try await redis.last(count, upTo: positions, where: filter) { try printer.print(message) }
        }
        for try await message in redis.tail(after: positions) where filter?.passes(message) ?? true {
            try printer.print(message)
        }
    }
}

extension Redis {
    /// The last entries of streams that pass, up to and including positions, in the order of their ids: so many altogether.
    fileprivate func last(
        _ count: Int, upTo positions: [(stream: String, after: StreamPosition)], where filter: EntryFilter?
    ) async throws -> [Message] {
        guard count > 0 else { return [] }
        var batches: [StreamBatch] = []
        for (name, position) in positions {
            guard case .after(let id) = position else { continue }
            let newest = stream(name)[...id].reversed()
            let range: EntryRange = filter == nil ? newest.prefix(count) : newest
            var entries: [StreamEntry] = []
            for try await entry in range {
                guard filter?.passes(Message(stream: name, id: entry.id, fields: entry.fields)) ?? true else {
                    continue
                }
                entries.append(entry)
                if entries.count == count { break }
            }
            batches.append(StreamBatch(stream: name, entries: entries.reversed()))
        }
        return batches.messages.suffix(count)
    }
}

extension Redis.Stream {
    /// The highest id that the stream has had; zero if it is not there.
    var lastID: EntryID {
        get async throws {
            do {
                return try await info().lastID
            } catch {
                guard error.kind == .noStream else { throw error }
                return .zero
            }
        }
    }
}
