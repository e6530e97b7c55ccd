import ArgumentParser
import RedisStreams

/// What a consumer reads.
struct GroupReadOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "'>': what is new for the group; 0 or an id: what is pending for the consumer behind it.",
            valueName: "place"),
        transform: { try GroupReadPlace($0) })
    var from = GroupReadPlace.new

    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: ArgumentHelp("At most so many of each stream.", valueName: "n"))
    var count: Int?

    @Flag(help: "Acknowledge what was printed.")
    var ack = false

    @OptionGroup var consumer: ConsumerOption
    @OptionGroup var wait: WaitOption

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1") }
        if from != .new && wait.waiting != .no {
            throw ValidationError("what is pending is there at once; leave --wait out, or --from")
        }
    }
}

/// `>`, or behind which id.
enum GroupReadPlace: Equatable {
    case new
    case pending(after: EntryID)

    init(_ text: String) throws(PlaceError) {
        switch try PlaceArgument(text) {
        case .undelivered: self = .new
        case .beginning: self = .pending(after: .zero)
        case .id(let id): self = .pending(after: id)
        case .number(let milliseconds): self = .pending(after: EntryID(milliseconds: milliseconds))
        case .time(let milliseconds):
            self = .pending(after: milliseconds == 0 ? .zero : EntryID(milliseconds: milliseconds - 1, sequence: .max))
        case .end, .latest: throw PlaceError(description: "write > for new entries, 0 or an id for pending ones")
        }
    }
}

extension GroupReadOptions {
    /// Reads once, prints, and acknowledges if that is asked for.
    func read(_ group: ConsumerGroup, to printer: EntryPrinter) async throws {
        var printer = printer
        var batches: [StreamBatch] = []
        switch from {
        case .new: batches = try await group.read(count: count, waiting: wait.waiting)
        case .pending(let id):
            for stream in group.streams {
                batches.append(try await group[stream].readPending(after: id, count: count))
            }
        }
        for message in batches.messages { try printer.print(message) }
        for batch in batches { for id in batch.deleted { try printer.printDeleted(batch.stream, id) } }
        guard ack else { return }
        for batch in batches { try await group[batch.stream].acknowledge(batch.entries.map(\.id) + batch.deleted) }
    }
}
