import ArgumentParser
import Footbridge
import RedisStreams

struct StreamTrimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trim",
        abstract: "Removes the oldest entries, after it has shown what would be lost.",
        discussion: """
            Entries that groups have not read, or have read and not acknowledged, are removed like any other: they cannot be \
            delivered any more. --approximate is cheaper for Redis, which then removes whole nodes only (100 entries by \
            default), and never too much.

            --settled removes only what all groups of the stream have settled: nothing that is pending, and nothing that is unread. \
            By itself it removes all of that; with --to or --before less. It removes a small portion at a time, and with --to whole nodes only.

            Examples:
              footbridge stream trim orders --to 1000
              footbridge stream trim orders --before 30d --yes
              footbridge stream trim orders --before 2026-01-02T00:00Z --approximate
              footbridge stream trim orders --settled --before 7d
            """)

    @Argument(help: "The stream.")
    var stream: String

    @Option(parsing: .unconditional, help: ArgumentHelp("Keep the newest n entries.", valueName: "n"))
    var to: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Keep entries from here on: an id, a time, or how long ago (30d).", valueName: "place"),
        transform: { try EntryID(place: $0) })
    var before: EntryID?

    @Flag(help: "Let Redis keep some more than that.")
    var approximate = false

    @Flag(help: "Remove only what all groups of the stream have settled.")
    var settled = false

    @Flag(help: "Show what would go, and remove nothing.")
    var dryRun = false

    @Flag(
        help:
            "Print a JSON object: stream, removed; with --dry-run: stream, would_remove, which stops counting at 10001."
    )
    var json = false

    @OptionGroup var confirmation: ConfirmOption
    @OptionGroup var server: RedisOption

    func validate() throws {
        if to != nil, before != nil { throw ValidationError("give either --to n or --before place") }
        if to == nil, before == nil, !settled {
            throw ValidationError("give --to n or --before place, or --settled for all that nobody needs")
        }
        if settled, approximate { throw ValidationError("--settled is as exact as it can be; leave out --approximate") }
        if let to, to < 0 { throw ValidationError("--to \(to) is below 0") }
    }

    func run() async throws {
        let bound = before.map { TrimBound.from($0) } ?? .newest(to ?? 0)
        try await server.perform(on: [stream], isMaking: false) { redis in
            if settled { return try await trimSettled(redis) }
            if dryRun {
                let loss = try await TrimLoss.of(bound, on: stream, approximate: approximate, redis)
                if json {
                    return try Count(stream: stream, what: "would_remove", count: loss?.count ?? 0).print(json: true)
                }
                let lines = loss?.lines
                return print(
                    (lines ?? ["\(EscapedText.line(stream.utf8)): nothing would be removed"]).joined(separator: "\n"))
            }
            try await confirmation.confirm {
                try await TrimLoss.of(bound, on: stream, approximate: approximate, redis)?.lines ?? []
            }
            let removed =
                switch bound {
                case .newest(let count):
                    try await redis.stream(stream).trim(to: count, approximate ? .approximate : .exact)
                case .from(let id): try await redis.stream(stream).trim(before: id, approximate ? .approximate : .exact)
                }
            if removed == 0 { try await redis.requireStream(stream) }
            try Count(stream: stream, what: "removed", count: removed).print(json: json)
        }
    }

    private func trimSettled(_ redis: Redis) async throws {
        let target = before.map { TrimTarget.from($0) } ?? .keep(.entries(to ?? 0))
        let plan = try await SettledTrim.of(target, on: stream, redis)
        if dryRun {
            if json { return try Count(stream: stream, what: "would_remove", count: plan.count).print(json: true) }
            return print(plan.lines.joined(separator: "\n"))
        }
        try await confirmation.confirm { plan.count == 0 ? [] : plan.lines }
        var removed = 0
        var behind: EntryID? = .zero
        // What goes on being settled meanwhile is not waited for.
        var lastRounds = 3
        while lastRounds > 0 {
            let step = try await redis.call(.trimSettled(target, stream: stream, required: [], behind: behind))
            removed += step.removed
            behind = step.reached
            if !step.hasMore { lastRounds -= 1 }
        }
        if removed == 0 { complain(plan.obstacle) }
        try Count(stream: stream, what: "removed", count: removed).print(json: json)
    }
}

extension EntryID {
    /// An id or a time, which is its millisecond's first. For `@Option(transform:)`.
    init(place argument: String) throws(PlaceError) {
        switch try PlaceArgument(argument) {
        case .id(let id): self = id
        case .number(let milliseconds), .time(let milliseconds): self.init(milliseconds: milliseconds)
        default: throw PlaceError(description: "write an id (1700000000000-0), a time, or how long ago (30d)")
        }
    }
}
