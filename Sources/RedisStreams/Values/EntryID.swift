/// The id of a stream entry: milliseconds of the server's clock and a sequence number, written `ms-seq`.
///
/// Ids are ordered as numbers, first by time, then by sequence. <https://redis.io/docs/latest/develop/data-types/streams/#entry-ids>
public struct EntryID: Hashable, Sendable {
    /// Milliseconds since 1970, UTC, for ids that the server made.
    public let milliseconds: UInt64
    /// Counts the entries of one millisecond, from 0.
    public let sequence: UInt64

    public init(milliseconds: UInt64, sequence: UInt64 = 0) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// `0-0`: before every entry; no entry can have it.
    public static let zero = EntryID(milliseconds: 0)
    /// The highest id there is.
    public static let maximum = EntryID(milliseconds: .max, sequence: .max)

    /// Reads `ms-seq` or `ms` (sequence 0), decimal digits only; `nil` for anything else, overflow included.
    public init?(_ text: some StringProtocol) {
        self.init(bytes: text.utf8)
    }

    /// Reads the bytes of `ms-seq` or `ms`, as a server's reply holds them.
    public init?(bytes: some Sequence<UInt8>) {
        var halves: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var inSequence = false
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let value = inSequence ? halves.1 : halves.0
                let (tens, tooBig) = value.multipliedReportingOverflow(by: 10)
                let (next, carry) = tens.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
                guard !tooBig, !carry else { return nil }
                if inSequence { halves.1 = next } else { halves.0 = next }
                digits += 1
            case UInt8(ascii: "-") where !inSequence && digits > 0:
                inSequence = true
                digits = 0
            default:
                return nil
            }
        }
        guard digits > 0 else { return nil }
        self.init(milliseconds: halves.0, sequence: halves.1)
    }

    /// The id that follows this one, or `nil` after `maximum`.
    public var successor: EntryID? {
        if sequence < .max { return EntryID(milliseconds: milliseconds, sequence: sequence + 1) }
        return milliseconds < .max ? EntryID(milliseconds: milliseconds + 1) : nil
    }

    /// The id that this one follows, or `nil` before `zero`.
    public var predecessor: EntryID? {
        if sequence > 0 { return EntryID(milliseconds: milliseconds, sequence: sequence - 1) }
        return milliseconds > 0 ? EntryID(milliseconds: milliseconds - 1, sequence: .max) : nil
    }
}

extension EntryID: Comparable {
    public static func < (left: EntryID, right: EntryID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}

extension EntryID: LosslessStringConvertible {
    /// `ms-seq`, as the server writes it; `EntryID(_:)` reads it again.
    public var description: String { "\(milliseconds)-\(sequence)" }
}

extension EntryID: ExpressibleByStringLiteral {
    /// An id written in the source: `let start: EntryID = "1526919030474-55"`, or `EntryID("1526919030474-55")`.
    ///
    /// A literal that is not an id ends the process, like an index out of bounds: it is a mistake in the program. Text from
    /// elsewhere is never a literal: `EntryID(text)` returns `nil` if it is not an id.
    public init(stringLiteral literal: StaticString) {
        let id = literal.withUTF8Buffer { EntryID(bytes: $0) }
        guard let id else { preconditionFailure("\"\(literal)\" is no entry id; write it like \"1526919030474-55\"") }
        self = id
    }
}

extension EntryID: Codable {
    /// From the text `ms-seq` or `ms`.
    ///
    /// - Throws: `DecodingError` if it is anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = EntryID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(text.debugDescription) is no entry id")
        }
        self = id
    }

    /// As the text `ms-seq`: JSON's numbers could not hold it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
