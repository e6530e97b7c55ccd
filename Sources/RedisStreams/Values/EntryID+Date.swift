#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension EntryID {
    /// The id of a point in time, cut to whole milliseconds. A date that no id can express becomes the nearest one: anything
    /// before 1970 is 1970.
    public init(_ date: Date, sequence: UInt64 = 0) {
        self.init(milliseconds: Self.milliseconds(date), sequence: sequence)
    }

    /// The time in the id, by the clock of the server that made it; to the millisecond, UTC.
    public var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    private static func milliseconds(_ date: Date) -> UInt64 {
        let exact = date.timeIntervalSince1970 * 1000
        // A Date is a binary fraction: the one nearest to .123 s may lie a little below it.
        let nearest = exact.rounded()
        let whole = abs(exact - nearest) < 0.0005 ? nearest : exact.rounded(.down)
        guard whole > 0 else { return 0 }
        return UInt64(exactly: whole) ?? .max
    }
}

extension StreamPosition {
    /// Before the first entry of this time: entries from `date` on.
    public static func since(_ date: Date) -> StreamPosition {
        let first = EntryID(date)
        guard first > .zero else { return .beginning }
        return .after(EntryID(milliseconds: first.milliseconds - 1, sequence: .max))
    }
}
