import Footbridge
import FootbridgeCurl
import RedisStreams

/// A place in a stream as one writes it in a shell: an id, a time, how long ago, or a sign of Redis'.
enum PlaceArgument: Sendable, Equatable {
    /// `-`, `0`
    case beginning
    /// `+`
    case end
    /// `$`
    case latest
    /// `>`
    case undelivered
    /// `1700000000000-0`
    case id(EntryID)
    /// `1700000000000`: an id without its sequence number.
    case number(UInt64)
    /// `2026-01-31`, `2026-01-31T10:00Z`, and `2h` for two hours ago, in milliseconds.
    case time(UInt64)

    init(_ text: String, now: UInt64 = UInt64(WallClock.milliseconds)) throws(PlaceError) {
        switch text {
        case "-", "0", "0-0": self = .beginning
        case "+": self = .end
        case "$": self = .latest
        case ">": self = .undelivered
        default: self = try Self.parse(text, now)
        }
    }

    private static func parse(_ text: String, _ now: UInt64) throws(PlaceError) -> PlaceArgument {
        let halves = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let isNumber = halves.allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
        // `2024-01` looks like an id as well, but ids have no leading zeros.
        if isNumber && halves.count <= 2 && halves.allSatisfy({ $0.count == 1 || $0.first != UInt8(ascii: "0") }) {
            guard let id = EntryID(text) else { throw PlaceError(description: "it is too large for an entry id") }
            return halves.count == 2 ? .id(id) : .number(id.milliseconds)
        }
        if halves.count == 3 && isNumber || text.contains(":") {
            do throws(TimeTextError) {
                return .time(try TimeText.milliseconds(text))
            } catch {
                throw PlaceError(description: error.description)
            }
        }
        guard let ago = DurationArgument(argument: text) else {
            throw PlaceError(
                description: "write an id (1700000000000-0), a time (2026-01-31T10:00Z), or how long ago (90s, 2h, 7d)")
        }
        return .time(now - min(now, UInt64(ago.duration / .milliseconds(1))))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

/// What would be right.
struct PlaceError: Error, CustomStringConvertible {
    let description: String
}

extension StreamPosition {
    /// `0 $`, an id, which is exclusive, or a time, from which on entries count. For `@Option(transform:)`.
    init(argument: String) throws(PlaceError) {
        switch try PlaceArgument(argument) {
        case .beginning: self = .beginning
        case .latest: self = .latest
        case .id(let id): self = .after(id)
        case .number(let milliseconds): self = .after(EntryID(milliseconds: milliseconds))
        case .time(let milliseconds): self = .since(EntryID(milliseconds: milliseconds).date)
        case .end: throw PlaceError(description: "+ is the end of a range; write $ for what comes from now on")
        case .undelivered:
            throw PlaceError(description: "> is for reads of a group: footbridge group read; write 0 for the beginning")
        }
    }
}

extension EntryBound {
    /// The first entry of a range: `-`, an id or a time, each with `(` in front if it is not part of it.
    init(start argument: String) throws(PlaceError) {
        let (place, isExcluded) = try Self.place(argument)
        switch place {
        case .id(let id): self = isExcluded ? .excluded(id) : .included(id)
        case .number(let time), .time(let time):
            self =
                isExcluded
                ? .excluded(EntryID(milliseconds: time, sequence: .max)) : .included(EntryID(milliseconds: time))
        default: self = place == .beginning ? .open : .included(.maximum)
        }
    }

    /// The last entry of a range: `+`, an id, or a time, all of whose millisecond is part of it.
    init(end argument: String) throws(PlaceError) {
        let (place, isExcluded) = try Self.place(argument)
        switch place {
        case .id(let id): self = isExcluded ? .excluded(id) : .included(id)
        case .number(let time), .time(let time):
            self =
                isExcluded
                ? .excluded(EntryID(milliseconds: time)) : .included(EntryID(milliseconds: time, sequence: .max))
        default: self = place == .end ? .open : .included(.zero)
        }
    }

    private static func place(_ argument: String) throws(PlaceError) -> (PlaceArgument, isExcluded: Bool) {
        let isExcluded = argument.first == "("
        let place = try PlaceArgument(isExcluded ? String(argument.dropFirst()) : argument)
        switch place {
        case .latest, .undelivered:
            throw PlaceError(description: "\(argument) is for reads; the ends of a range are - and +")
        case .beginning where isExcluded, .end where isExcluded:
            throw PlaceError(description: "write \(argument.dropFirst()) without the bracket")
        default: return (place, isExcluded)
        }
    }
}

extension EntryID {
    /// The id of an entry, with its sequence number.
    init(entry argument: String) throws(PlaceError) {
        guard case .id(let id) = try PlaceArgument(argument) else {
            throw PlaceError(description: "write the whole id, such as 1700000000000-0")
        }
        self = id
    }
}
