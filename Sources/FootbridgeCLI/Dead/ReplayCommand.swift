import ArgumentParser
import Footbridge
import FootbridgeRedis
import RedisStreams

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Gives entries that a stream still has to a route once more. Its group stays where it is.",
        discussion: """
            Entries keep their webhook-id, and have the header webhook-replay. Without --to it is all that the group has read so \
            far: what comes after that is delivered anyway. What is pending comes twice. Interrupted, it says where to go on.

            Examples:
              footbridge replay orders --from 2h --dry-run
              footbridge replay orders --from 2026-01-31T10:00Z --to 2026-01-31T11:00Z --rate 50/s
              footbridge replay orders --from 0 --filter '.fields.type == "order.created"'

            Exit codes: 0 done, 64 wrong usage, 65 the filter fails, or entries cannot be replayed, 69 Redis cannot be reached, 78 wrong \
            configuration, or Redis refuses, 130 Ctrl-C. For dead letters: footbridge dead replay.
            """)

    @Argument(help: "The route.")
    var route: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("From here on: an id, a time, how long ago (2h), or 0 for all.", valueName: "place"),
        transform: { try EntryBound(start: $0) })
    var from: EntryBound

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Up to here.", valueName: "place"),
        transform: { try EntryBound(end: $0) })
    var to: EntryBound?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only entries for which this jq program gives something; it sees what the route's own filter sees.",
            valueName: "jq"))
    var filter: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Of this stream; without it of all that the route reads.", valueName: "name"))
    var stream: String?

    @OptionGroup var replay: ReplayOptions
    @OptionGroup var config: ConfigOption
    @OptionGroup var state: StateOption

    func validate() throws { try EntryInterval(from: from, to: to ?? .open).validate("--from", "--to") }

    func run() async throws {
        let route = try config.loadWithoutDestinations().routes.named(route)
        if let stream { _ = try route.index(of: stream) }
        let connection = try ToolConnection(nil, config: config, state: state)
        let client = try await connection.open()
        let (from, to, filter, options, streams) = (from, to, filter, replay, stream.map { [$0] } ?? route.streams)
        let result = await Interruptible.run {
            for stream in streams {
                var history = try HistoryReplay(stream, of: route, filter: filter, options: options, client: client)
                try await history.run(from: from, to: to)
            }
        }
        await client.close()
        do {
            try result.get()
        } catch let error as RedisError {
            throw connection.trouble(error).failed
        } catch let error as ProgramFilter.Failure {
            throw failure("--filter: \(error)", CommandExit.badInput)
        }
    }
}

/// Replays the history of one stream, in portions.
struct HistoryReplay {
    private let stream: String
    private let index: Int
    private let route: RouteConfig
    private let client: RedisClient
    private let options: ReplayOptions
    private let filter: ProgramFilter?
    private var pace: ReplayPace
    private var (replayed, skipped) = (0, 0)
    private var last: EntryID?

    init(
        _ stream: String, of route: RouteConfig, filter: String?, options: ReplayOptions, client: RedisClient
    ) throws(ProgramFilter.Failure) {
        (self.stream, self.route, self.options, self.client) = (stream, route, options, client)
        index = route.streams.firstIndex(of: stream) ?? 0
        if let filter { self.filter = try ProgramFilter(filter, for: route) } else { self.filter = nil }
        pace = ReplayPace(options.rate)
    }

    mutating func run(from: EntryBound, to: EntryBound?) async throws {
        do {
            try await replay(from: from, to: to)
        } catch {
            tell()
            if let last {
                complain(
                    "footbridge: stopped; to go on: footbridge replay \(route.name) --stream '\(stream)' --from '(\(last)' …"
                )
            }
            throw error
        }
        tell()
        if skipped > 0 { throw CommandExit.badInput }
    }

    private mutating func replay(from: EntryBound, to: EntryBound?) async throws {
        let groups = try await client.call(.groups(of: stream))
        let read = groups.first { $0.name == route.group }?.lastDelivered ?? .zero
        var interval = EntryInterval(from: from, to: to ?? .included(read))
        let portion = options.rate?.portion(Letters.portion) ?? Letters.portion
        while true {
            let page = try await client.call(
                .range(stream, from: interval.from, to: interval.to, count: portion))
            guard let end = page.last else { return }
            let meant = try page.filter { try filter?.passes($0, stream: index) ?? true }
            try await move(meant.map(\.id))
            last = end.id
            interval.from = .excluded(end.id)
            try Task.checkCancellation()
        }
    }

    private mutating func move(_ ids: [EntryID]) async throws {
        var rest = ids[...]
        if options.dryRun { replayed += rest.count }
        while !options.dryRun, let first = rest.first {
            let step = try await Letters(client).replay(history: rest, of: stream, to: route)
            last = step.looked > 0 ? rest[rest.startIndex + step.looked - 1] : first
            rest = rest.dropFirst(max(1, step.looked))
            replayed += step.moved
            skipped += step.skipped
            try await pace.didMove(step.moved)
        }
    }

    private func tell() {
        let what =
            "\(replayed) \(replayed == 1 ? "entry" : "entries") of \(EscapedText.line(stream.utf8)) to route \(route.name)"
        LineOutput.standardOutput.write(options.dryRun ? "would replay \(what)" : "replayed \(what)")
        if skipped > 0 { complain("footbridge: \(skipped) have too many fields, and were left out") }
    }
}
