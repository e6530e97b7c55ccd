extension Redis.Stream {
    /// The entry with this id; `nil` if there is none. `XRANGE key id id`
    public subscript(id: EntryID) -> StreamEntry? {
        get async throws(Redis.Failure) { try await self[id...id].prefix(1).entries().first }
    }

    /// Entries in a range of ids or dates: `stream[id...]`, `stream[a...b]`, `stream[a..<b]`, `stream[.after(id)]`. Nothing is
    /// read before the range is iterated, or asked for its `entries()`.
    public subscript(range: some EntryRangeExpression) -> EntryRange {
        EntryRange(stream: self, interval: range.interval)
    }

    /// All entries: `for try await entry in stream[...] { … }`
    public subscript(range: UnboundedRange) -> EntryRange { self[EntryInterval.all] }

    /// Entries behind an id, oldest first; waits for some if there are none and `waiting` says so.
    ///
    /// `XREAD`; <https://redis.io/docs/latest/commands/xread/>. While it waits, the call has a connection of its own.
    /// - Parameters:
    ///   - id: exclusive; what was read last.
    ///   - count: at most so many; `Redis.defaultCount` unless given.
    /// - Returns: empty if none came in time.
    public func read(
        after id: EntryID = .zero, count: Int? = nil, waiting: Waiting = .no
    ) async throws(Redis.Failure) -> [StreamEntry] {
        try await read(after: .after(id), count: count, waiting: waiting)
    }

    /// The same from `.beginning`, or from `.latest`: entries that are added after the call only.
    public func read(
        after position: StreamPosition, count: Int? = nil, waiting: Waiting = .no
    ) async throws(Redis.Failure) -> [StreamEntry] {
        try await redis.read([(name, position)], count: count, waiting: waiting).first?.entries ?? []
    }

    /// Entries as they are added, without end: `for try await entry in stream.tail() { … }`
    ///
    /// Lost connections and a server that is away for a while are waited for; no entry is left out or comes twice. Ends by
    /// throwing: `cancelled` with the task, and what does not pass by itself, such as wrong credentials.
    /// - Parameter position: `.latest` is looked up once, when the iteration begins.
    public func tail(after position: StreamPosition = .latest) -> StreamTail {
        StreamTail(redis: redis, positions: [(name, position)])
    }
}

extension Redis {
    /// Entries of several streams as they are added, without end; see `Stream.tail`. Each stream's are in order.
    public func tail(_ positions: KeyValuePairs<String, StreamPosition>) -> StreamTail {
        StreamTail(redis: self, positions: positions.map { (StreamName($0.key), $0.value) })
    }
}
