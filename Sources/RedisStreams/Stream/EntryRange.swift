/// The entries of a stream whose ids are in a range. Nothing is read until you ask.
///
/// Iterating reads it in batches, so that a long stream needs no more memory than a short one; `entries()` reads everything
/// at once. Entries that are added or removed in the meantime may or may not appear.
///
/// ```swift
/// let three = try await stream[id...].prefix(3).entries()
/// for try await entry in stream[...] { … }
/// ```
public struct EntryRange: AsyncSequence, Sendable {
    public typealias Element = StreamEntry
    public typealias Failure = Redis.Failure

    let stream: Redis.Stream
    var interval: EntryInterval
    var limit: Int?
    var newestFirst = false

    init(stream: Redis.Stream, interval: EntryInterval) {
        self.stream = stream
        self.interval = interval
    }

    /// At most this many entries, counted from where reading begins: the oldest, or with `reversed()` the newest.
    public func prefix(_ count: Int) -> EntryRange {
        var range = self
        range.limit = Swift.max(0, Swift.min(limit ?? .max, count))
        return range
    }

    /// From the newest to the oldest, `XREVRANGE`. A `prefix`, before or after this, counts from the newest.
    public func reversed() -> EntryRange {
        var range = self
        range.newestFirst.toggle()
        return range
    }

    /// All entries in one reply: for ranges that fit into memory.
    ///
    /// `XRANGE key from to [COUNT n]`; <https://redis.io/docs/latest/commands/xrange/>
    public func entries() async throws(Redis.Failure) -> [StreamEntry] {
        guard limit != 0, !interval.isEmpty else { return [] }
        return try await stream.redis.call(
            .range(stream.name.bytes, from: interval.from, to: interval.to, count: limit, newestFirst: newestFirst))
    }

    /// The first entry; `nil` if there are none.
    public var first: StreamEntry? { get async throws(Redis.Failure) { try await prefix(1).entries().first } }

    public func makeAsyncIterator() -> Iterator { Iterator(range: self) }

    /// Reads portions, each behind the last.
    public struct Iterator: AsyncIteratorProtocol {
        private var range: EntryRange
        private var page: [StreamEntry] = []
        private var index = 0
        private var size = PageSize()

        init(range: EntryRange) { self.range = range }

        /// Reads the next entry; `nil` at the end.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(Redis.Failure) -> StreamEntry? {
            if index == page.count {
                guard try await turn() else { return nil }
            }
            index += 1
            return page[index - 1]
        }

        /// Reads the next page; `false` at the end.
        private mutating func turn() async throws(Redis.Failure) -> Bool {
            let limit = range.limit ?? .max
            let count = Swift.min(size.count, limit)
            page = []
            index = 0
            guard count > 0 else { return false }
            page = try await range.prefix(count).entries()
            guard let last = page.last else {
                range.limit = 0
                return false
            }
            size.adapt(to: page)
            // One that is not full was the last: nothing was behind it then.
            range.limit = page.count < count ? 0 : range.limit.map { $0 - page.count }
            if range.newestFirst {
                range.interval.to = .excluded(last.id)
            } else {
                range.interval.from = .excluded(last.id)
            }
            return true
        }
    }
}

/// How many entries to read at once: about a megabyte of them, for which the first few are a sample.
struct PageSize {
    private(set) var count = 16

    mutating func adapt(to page: [StreamEntry]) {
        guard !page.isEmpty else { return }
        let average = page.reduce(0) { $0 + $1.fields.byteCount } / page.count + 32
        count = min(max((1 << 20) / average, 1), 1000, count * 8)
    }
}
