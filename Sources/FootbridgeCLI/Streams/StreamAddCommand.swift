import ArgumentParser
import RedisStreams

struct StreamAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds an entry, and prints its id.",
        discussion: """
            For many entries, as NDJSON from standard input: footbridge send.

            Examples:
              footbridge stream add orders type=order.created total=12.50
              footbridge stream add orders --id 1767312000000-0 type=order.created
              footbridge stream add orders --id 2026-01-02T00:00Z --maxlen 100000 type=order.created
            """)

    @Argument(help: "The stream; it is made if it is missing.")
    var stream: String

    @Argument(help: ArgumentHelp("The fields, in this order; names may repeat.", valueName: "name=value"))
    var fields: [String]

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The id, above all that the stream has had; of a time, Redis makes the sequence number. * by default.",
            valueName: "id|time"),
        transform: { try NewEntryID($0) })
    var id = NewEntryID.automatic

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Keep the stream to about this many entries (XADD MAXLEN ~).", valueName: "n"))
    var maxlen: Int?

    @Flag(help: "Print a JSON object: stream, id, time.")
    var json = false

    @OptionGroup var server: RedisOption

    func validate() throws {
        try FieldArguments.validate(fields)
        if let maxlen, maxlen < 1 { throw ValidationError("--maxlen must be at least 1") }
    }

    func run() async throws {
        try await server.perform(on: [stream]) { redis in
            let id = try await self.id.add(
                FieldArguments.fields(of: fields), to: redis.stream(stream), trimming: maxlen.map { .length($0) })
            try AddedEntry(stream: stream, id: id).print(json: json)
        }
    }
}

/// The id of an entry that is to be added.
enum NewEntryID: Sendable, Equatable {
    case automatic
    case id(EntryID)
    /// The server makes the sequence number.
    case time(UInt64)

    init(_ text: String) throws(PlaceError) {
        if text == "*" {
            self = .automatic
        } else if text.hasSuffix("-*") {
            self = .time(try Self.milliseconds(String(text.dropLast(2))))
        } else {
            switch try PlaceArgument(text) {
            case .id(let id): self = .id(id)
            case .number(let milliseconds): self = .id(EntryID(milliseconds: milliseconds))
            case .time(let milliseconds): self = .time(milliseconds)
            default: throw PlaceError(description: "write * or an id (1700000000000-0, above 0-0), or a time")
            }
        }
    }

    private static func milliseconds(_ text: String) throws(PlaceError) -> UInt64 {
        guard case .number(let milliseconds) = try PlaceArgument(text) else {
            throw PlaceError(description: "write milliseconds before -*: 1700000000000-*")
        }
        return milliseconds
    }

    func add(_ fields: EntryFields, to stream: Redis.Stream, trimming: Trimming? = nil) async throws -> EntryID {
        switch self {
        case .automatic: try await stream.add(fields, trimming: trimming)
        case .id(let id): try await stream.add(fields, id: id, trimming: trimming)
        case .time(let milliseconds):
            try await stream.add(fields, at: EntryID(milliseconds: milliseconds).date, trimming: trimming)
        }
    }
}

/// What is said of an entry that was added.
struct AddedEntry {
    let stream: String
    let id: EntryID

    func print(json: Bool) throws(OutputFailure) {
        guard json else { return try LineOutput.standardOutput.put("\(id)") }
        var records = Records(["stream", "id"], left: 1)
        records.add(.text(stream), .id(id))
        try records.print(json: true)
    }
}
