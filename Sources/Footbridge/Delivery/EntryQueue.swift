internal import DequeModule

/// Entries whose bodies are here and that wait for a free slot, in the order they came.
struct EntryQueue: Sequence {
    private var entries = Deque<HeldEntry>()
    /// How many of them are not at their first attempt.
    private(set) var retries = 0

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    mutating func append(_ entry: HeldEntry) {
        if entry.attempt > 1 { retries += 1 }
        entries.append(entry)
    }

    mutating func popFirst() -> HeldEntry? {
        guard let entry = entries.popFirst() else { return nil }
        if entry.attempt > 1 { retries -= 1 }
        return entry
    }

    /// The first one that may go; with few exceptions that is the first of all.
    mutating func popFirst(where mayGo: (HeldEntry) -> Bool) -> HeldEntry? {
        guard let index = entries.firstIndex(where: mayGo) else { return nil }
        if index == entries.startIndex { return popFirst() }
        let entry = entries.remove(at: index)
        if entry.attempt > 1 { retries -= 1 }
        return entry
    }

    /// Returns how many were removed.
    mutating func removeAll(where shouldBeRemoved: (HeldEntry) -> Bool) -> Int {
        let before = entries.count
        entries.removeAll(where: shouldBeRemoved)
        retries = entries.count { $0.attempt > 1 }
        return before - entries.count
    }

    func makeIterator() -> Deque<HeldEntry>.Iterator { entries.makeIterator() }
}
