import ArgumentParser
import RedisStreams

struct SeriesAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds an entry at a time, and prints its id.",
        discussion: """
            Times go up within a stream; entries of one millisecond are numbered by Redis.

            Examples:
              footbridge series add s1 --at 2018-01-01 data=1
              footbridge series add s1 --at 2018-01-01T00:00:00.250Z data=2
            """)

    @Argument(help: "The stream; it is made if it is missing.")
    var stream: String

    @Argument(help: ArgumentHelp("The fields, in this order; names may repeat.", valueName: "name=value"))
    var fields: [String]

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The time; without it that of Redis' clock.", valueName: "time"),
        transform: { try NewEntryID(time: $0) })
    var at = NewEntryID.automatic

    @Flag(help: "Print a JSON object: stream, id, time.")
    var json = false

    @OptionGroup var server: RedisOption

    func validate() throws { try FieldArguments.validate(fields) }

    func run() async throws {
        try await server.perform(on: [stream]) { redis in
            let id = try await at.add(FieldArguments.fields(of: fields), to: redis.stream(stream))
            try AddedEntry(stream: stream, id: id).print(json: json)
        }
    }
}

extension NewEntryID {
    /// Of a time, or of milliseconds since 1970.
    init(time text: String) throws(PlaceError) {
        switch try PlaceArgument(text) {
        case .time(let milliseconds), .number(let milliseconds): self = .time(milliseconds)
        default: throw PlaceError(description: "write a time (2026-01-31T10:00Z), or how long ago (90s, 2h, 7d)")
        }
    }
}
