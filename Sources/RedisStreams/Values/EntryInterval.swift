#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Either end of a range of entries: an id, or a time, which stands for all ids of its millisecond.
public protocol EntryPoint: Comparable, Sendable {
    var lowestID: EntryID { get }
    var highestID: EntryID { get }
}

extension EntryID: EntryPoint {
    public var lowestID: EntryID { self }
    public var highestID: EntryID { self }
}

extension Date: EntryPoint {
    public var lowestID: EntryID { EntryID(self) }
    public var highestID: EntryID { EntryID(self, sequence: .max) }
}

/// A range of ids, open or closed at each end. If its ends are the wrong way round, it is empty.
public struct EntryInterval: Sendable, Hashable {
    public var from: EntryBound
    public var to: EntryBound

    public init(from: EntryBound = .open, to: EntryBound = .open) {
        self.from = from
        self.to = to
    }
}

extension EntryInterval {
    /// Whether it can hold no id: its ends are the wrong way round, or it lies beyond the highest or the lowest id. Then the server
    /// is not asked.
    public var isEmpty: Bool {
        let first: EntryID? =
            switch from {
            case .included(let id): id
            case .excluded(let id): id.successor
            case .open: .zero
            }
        let last: EntryID? =
            switch to {
            case .included(let id): id
            case .excluded(let id): id.predecessor
            case .open: .maximum
            }
        guard let first, let last else { return true }
        return first > last
    }
}

/// `a...b` and `a..<b`. Swift's own ranges end the process if `a` is above `b`, and the bounds may come from anywhere; these are
/// empty then.
extension EntryPoint {
    public static func ... (first: Self, last: Self) -> EntryInterval {
        EntryInterval(from: .included(first.lowestID), to: .included(last.highestID))
    }

    public static func ..< (first: Self, end: Self) -> EntryInterval {
        EntryInterval(from: .included(first.lowestID), to: .excluded(end.lowestID))
    }
}

/// Ranges that select entries: `a...b`, `a...`, `...b`, `a..<b`, `..<b` of ids or dates, and `.after(a)`.
public protocol EntryRangeExpression: Sendable {
    var interval: EntryInterval { get }
}

extension EntryInterval: EntryRangeExpression {
    public var interval: EntryInterval { self }
}

extension EntryRangeExpression where Self == EntryInterval {
    /// From the first entry to the last.
    public static var all: EntryInterval { EntryInterval() }

    /// After this id or time (all of its millisecond), to the end.
    public static func after(_ point: some EntryPoint) -> EntryInterval {
        EntryInterval(from: .excluded(point.highestID))
    }

    /// After `point`, up to and including `last`.
    public static func after(_ point: some EntryPoint, through last: some EntryPoint) -> EntryInterval {
        EntryInterval(from: .excluded(point.highestID), to: .included(last.highestID))
    }
}

extension ClosedRange: EntryRangeExpression where Bound: EntryPoint {
    public var interval: EntryInterval {
        EntryInterval(from: .included(lowerBound.lowestID), to: .included(upperBound.highestID))
    }
}

extension Range: EntryRangeExpression where Bound: EntryPoint {
    public var interval: EntryInterval {
        EntryInterval(from: .included(lowerBound.lowestID), to: .excluded(upperBound.lowestID))
    }
}

extension PartialRangeFrom: EntryRangeExpression where Bound: EntryPoint {
    public var interval: EntryInterval { EntryInterval(from: .included(lowerBound.lowestID)) }
}

extension PartialRangeThrough: EntryRangeExpression where Bound: EntryPoint {
    public var interval: EntryInterval { EntryInterval(to: .included(upperBound.highestID)) }
}

extension PartialRangeUpTo: EntryRangeExpression where Bound: EntryPoint {
    public var interval: EntryInterval { EntryInterval(to: .excluded(upperBound.lowestID)) }
}
