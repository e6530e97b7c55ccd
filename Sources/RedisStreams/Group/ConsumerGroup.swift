/// A consumer group over one or several streams, and one consumer of it.
///
/// A group delivers each entry to one of its consumers; from then on the entry is *pending* for it until it is
/// acknowledged. <https://redis.io/docs/latest/develop/data-types/streams/#consumer-groups>
///
/// A handle, made by `redis.consumerGroup(_:of:consumer:)`. Redis keeps a group per stream, all under one name:
/// `group["stream-a"]` is the part in one stream.
public struct ConsumerGroup: Sendable {
    public let name: String
    /// The keys of the streams, in the order in which they are read.
    public let streamNames: [StreamName]
    /// The consumer that reads, claims and asks for what is pending; `<name>.c1` unless given. `process` makes up
    /// another one unless it was given.
    public let consumer: String
    let redis: Redis
    /// Whether `consumer` was chosen.
    var isConsumerNamed = false

    /// The keys of the streams as text.
    public var streams: [String] { streamNames.map(\.description) }

    /// The same group for another consumer.
    public func consumer(_ name: String) -> ConsumerGroup {
        ConsumerGroup(
            name: self.name, streamNames: streamNames, consumer: name, redis: redis, isConsumerNamed: true)
    }

    /// The part of the group in one stream.
    public subscript(stream: String) -> GroupStream { GroupStream(stream: redis.stream(stream), group: self) }

    /// The part of the group in one stream whose key may be any bytes.
    public subscript(stream: StreamName) -> GroupStream { GroupStream(stream: redis.stream(stream), group: self) }

    /// Creates the group in each stream, and any missing stream, empty.
    ///
    /// `XGROUP CREATE key group id MKSTREAM`; <https://redis.io/docs/latest/commands/xgroup-create/>
    /// - Returns: for each stream, whether the group was created; `false` if it existed already, and is unchanged.
    /// - Throws: `wrongType` if a key holds something else; the group may have been created in other streams.
    @discardableResult
    public func create(from position: StreamPosition = .beginning) async throws(Redis.Failure) -> [StreamName: Bool] {
        try await forEach { stream throws(Redis.Failure) in try await stream.create(from: position) }
    }

    /// Removes the group from each stream, and what is pending in it; the entries stay. `XGROUP DESTROY`
    ///
    /// - Returns: for each stream, whether there was such a group.
    @discardableResult
    public func destroy() async throws(Redis.Failure) -> [StreamName: Bool] {
        try await forEach { stream throws(Redis.Failure) in try await stream.destroy() }
    }

    /// Moves the group: what comes after `position` is new for it. `XGROUP SETID`
    ///
    /// What is pending stays pending. A group that is moved back delivers pending entries again.
    public func setID(_ position: StreamPosition = .latest) async throws(Redis.Failure) {
        for stream in streamNames { try await self[stream].setID(position) }
    }

    /// Moves the group to the beginning: everything in the streams is new for it.
    public func reset() async throws(Redis.Failure) { try await setID(.beginning) }

    private func forEach(_ body: (GroupStream) async throws(Redis.Failure) -> Bool) async throws(Redis.Failure)
        -> [StreamName: Bool]
    {
        var results: [StreamName: Bool] = [:]
        for stream in streamNames { results[stream] = try await body(self[stream]) }
        return results
    }
}

extension ConsumerGroup {
    /// New entries of all streams for this consumer, in one call; they are pending from then on, with delivery count 1.
    ///
    /// `XREADGROUP … STREAMS key … > …`; <https://redis.io/docs/latest/commands/xreadgroup/>
    ///
    /// If the connection is lost before the reply (`connectionLost`, `timedOut`), or the task is cancelled while the server waits, entries
    /// may have been delivered without anyone receiving them: they are pending, and `readPending` returns them. The server is told to
    /// end a cancelled wait (`CLIENT UNBLOCK`), so these can only be entries that were added at that very moment.
    /// - Parameters:
    ///   - count: the most to read of each stream; `Redis.defaultCount` unless given. Zero or less reads nothing.
    ///   - waiting: while it waits, the call uses a connection of its own.
    /// - Returns: a batch for each stream that has new entries; empty if none came in time.
    /// - Throws: `noGroup` if the group is missing in one of the streams.
    @discardableResult
    public func read(count: Int? = nil, waiting: Waiting = .no) async throws(Redis.Failure) -> [StreamBatch] {
        let count = count ?? Redis.defaultCount
        guard count > 0 else { return [] }
        return try await redis.wait(waiting) {
            .readGroup(name, consumer: consumer, streams: streamNames.map(\.bytes), count: count, block: $0)
        }
    }

    /// What is pending for this consumer in all streams, from the lowest id on: delivered before and not acknowledged.
    ///
    /// `XREADGROUP … STREAMS key … 0 …`. Raises the delivery counts by one.
    /// - Parameter count: the most to read of each stream; `Redis.defaultCount` unless given.
    public func readPending(count: Int? = nil) async throws(Redis.Failure) -> [StreamBatch] {
        try await readPending(streamNames.map { ($0, .zero) }, count: count)
    }

    func readPending(_ positions: [(stream: StreamName, after: EntryID)], count: Int?) async throws(Redis.Failure)
        -> [StreamBatch]
    {
        let count = count ?? Redis.defaultCount
        guard count > 0 else { return [] }
        let batches = try await redis.call(
            .readPending(
                name, consumer: consumer, positions: positions.map { ($0.stream.bytes, $0.after) }, count: count))
        return batches.filter { !$0.entries.isEmpty || !$0.deleted.isEmpty }
    }

    /// Acknowledges messages of this group's streams: they are no longer pending. Returns how many were pending.
    @discardableResult
    public func acknowledge(_ messages: [Message]) async throws(Redis.Failure) -> Int {
        let ids = Dictionary(grouping: messages, by: \.name).mapValues { $0.map(\.id) }
        return try await beginAcknowledging(ids).values().reduce(0, +)
    }

    /// - Parameter ids: by stream.
    func beginAcknowledging(_ ids: [StreamName: [EntryID]], isCancellable: Bool = true) -> Pipeline<Int> {
        redis.begin(
            ids.map { .acknowledge($0.value, stream: $0.key.bytes, group: name) }, isCancellable: isCancellable)
    }

    /// Acknowledges one message. Returns whether it was pending.
    @discardableResult
    public func acknowledge(_ message: Message) async throws(Redis.Failure) -> Bool {
        try await acknowledge([message]) > 0
    }
}
