internal import Curl
internal import HeapModule
internal import RedisStreams

/// An entry of one of a route's streams.
struct EntryKey: Hashable {
    /// Place in the route's list of streams.
    let stream: Int
    let id: EntryID
}

/// An entry that waits for its next attempt. Its body is not kept: it is fetched again when it is due.
struct ParkedEntry: Comparable {
    let key: EntryKey
    let due: MonotonicTime
    /// Attempts that were made.
    let attempts: Int32
    /// When the first attempt was made; milliseconds since 1970.
    let firstAt: Int64

    /// The same at another time.
    func again(at due: MonotonicTime) -> ParkedEntry {
        ParkedEntry(key: key, due: due, attempts: attempts, firstAt: firstAt)
    }

    /// By due time, then by age.
    static func < (left: ParkedEntry, right: ParkedEntry) -> Bool {
        (left.due, left.key.id) < (right.due, right.key.id)
    }
}

/// Entries that wait, the next one first, each once.
struct ParkedRetries {
    private var heap = Heap<ParkedEntry>()
    private var keys: Set<EntryKey> = []
    private var counts: [Int: Int] = [:]

    var count: Int { heap.count }
    func count(of stream: Int) -> Int { counts[stream, default: 0] }
    var nextDue: MonotonicTime? { heap.min?.due }
    /// In no order.
    var entries: [ParkedEntry] { heap.unordered }

    func contains(_ key: EntryKey) -> Bool { keys.contains(key) }

    /// Does nothing if the entry waits already.
    mutating func insert(_ entry: ParkedEntry) {
        guard keys.insert(entry.key).inserted else { return }
        counts[entry.key.stream, default: 0] += 1
        heap.insert(entry)
    }

    /// Takes the first entry if it is due.
    mutating func takeDue(_ now: MonotonicTime) -> ParkedEntry? {
        guard let first = heap.min, first.due <= now else { return nil }
        keys.remove(first.key)
        counts[first.key.stream, default: 0] -= 1
        return heap.removeMin()
    }

    /// Returns how many were removed.
    mutating func removeAll(where shouldBeRemoved: (ParkedEntry) -> Bool) -> Int {
        let removed = heap.unordered.filter(shouldBeRemoved)
        guard !removed.isEmpty else { return 0 }
        for entry in removed {
            keys.remove(entry.key)
            counts[entry.key.stream, default: 0] -= 1
        }
        heap = Heap(heap.unordered.filter { keys.contains($0.key) })
        return removed.count
    }
}
