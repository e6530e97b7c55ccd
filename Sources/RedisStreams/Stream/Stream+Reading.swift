extension Redis.Stream {
    /// The entry with this id; `nil` if there is none. `XRANGE key id id`
    public subscript(id: EntryID) -> StreamEntry? {
        get async throws(Redis.Failure) { try await self[id...id].prefix(1).entries().first }
    }

    /// Entries in a range of ids or dates: `stream[id...]`, `stream[a...b]`, `stream[a..<b]`, `stream[.after(id)]`. Nothing is
    /// read until the range is iterated or asked for its `entries()`.
    public subscript(range: some EntryRangeExpression) -> EntryRange {
        EntryRange(stream: self, interval: range.interval)
    }

    /// All entries: `for try await entry in stream[...] { … }`
    public subscript(range: UnboundedRange) -> EntryRange { self[EntryInterval.all] }

    /// Entries after an id, oldest first. If there are none, waits for as long as `waiting` says.
    ///
    /// `XREAD`; <https://redis.io/docs/latest/commands/xread/>. While it waits, the call uses a connection of its own.
    /// - Parameters:
    ///   - id: exclusive; the id of the entry that was read last.
    ///   - count: the most entries to read; `Redis.defaultCount` unless given.
    /// - Returns: empty if none came in time.
    public func read(
        after id: EntryID = .zero, count: Int? = nil, waiting: Waiting = .no
    ) async throws(Redis.Failure) -> [StreamEntry] {
        try await read(after: .after(id), count: count, waiting: waiting)
    }

    /// The same from `.beginning`, or from `.latest`: only entries that are added after the call.
    public func read(
        after position: StreamPosition, count: Int? = nil, waiting: Waiting = .no
    ) async throws(Redis.Failure) -> [StreamEntry] {
        try await redis.read([(name, position)], count: count, waiting: waiting).first?.entries ?? []
    }

    /// Entries as they are added, without end: `for try await entry in stream.tail() { … }`
    ///
    /// Waits through lost connections and outages of the server; no entry is left out or comes twice. Ends only by throwing:
    /// `cancelled` when the task is cancelled, and failures that do not pass by themselves, such as wrong credentials.
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
