internal import DequeModule

/// Entries whose bodies are here and that wait for a free slot.
///
/// Fresh entries and retries in turn, each in the order they came: neither waits for the other's backlog.
struct EntryQueue: Sequence {
    private var fresh = Deque<HeldEntry>()
    private var again = Deque<HeldEntry>()
    private var isRetryNext = false

    /// How many of them are not at their first attempt.
    var retries: Int { again.count }
    var count: Int { fresh.count + again.count }
    var isEmpty: Bool { fresh.isEmpty && again.isEmpty }

    mutating func append(_ entry: HeldEntry) {
        if entry.attempt > 1 { again.append(entry) } else { fresh.append(entry) }
    }

    /// The first one that may go; with few exceptions that is the first of all.
    mutating func popFirst(where mayGo: (HeldEntry) -> Bool = { _ in true }) -> HeldEntry? {
        pop(isRetryNext, mayGo) ?? pop(!isRetryNext, mayGo)
    }

    private mutating func pop(_ isRetry: Bool, _ mayGo: (HeldEntry) -> Bool) -> HeldEntry? {
        guard let entry = isRetry ? again.removeFirst(where: mayGo) : fresh.removeFirst(where: mayGo) else {
            return nil
        }
        isRetryNext = !isRetry
        return entry
    }

    /// Returns how many were removed.
    mutating func removeAll(where shouldBeRemoved: (HeldEntry) -> Bool) -> Int {
        let before = count
        fresh.removeAll(where: shouldBeRemoved)
        again.removeAll(where: shouldBeRemoved)
        return before - count
    }

    func makeIterator() -> some IteratorProtocol<HeldEntry> { [fresh, again].joined().makeIterator() }
}

extension Deque {
    fileprivate mutating func removeFirst(where isWanted: (Element) -> Bool) -> Element? {
        guard let index = firstIndex(where: isWanted) else { return nil }
        return index == startIndex ? popFirst() : remove(at: index)
    }
}
