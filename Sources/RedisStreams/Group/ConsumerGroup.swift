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
    /// Who reads, claims and is told of what is pending; `<name>.c1` unless given.
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

    /// The part of the group in one stream whose key need not be text.
    public subscript(stream: StreamName) -> GroupStream { GroupStream(stream: redis.stream(stream), group: self) }

    /// Makes the group in each stream, and streams that are missing, empty.
    ///
    /// `XGROUP CREATE key group id MKSTREAM`; <https://redis.io/docs/latest/commands/xgroup-create/>
    /// - Returns: for each stream, whether the group was made; `false` where it was there, which leaves it as it is.
    /// - Throws: `wrongType` if a key holds something else; other streams may have got the group.
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

    /// Moves the group: what is behind `position` is new for it. `XGROUP SETID`
    ///
    /// What is pending stays so. Moved back, the group delivers entries that are pending again.
    public func setID(_ position: StreamPosition = .latest) async throws(Redis.Failure) {
        for stream in streamNames { try await self[stream].setID(position) }
    }

    /// Moves the group to the beginning: all that the streams hold is new for it.
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
    /// may have been delivered to nobody: they are pending, `readPending` brings them. A cancelled wait is ended at the server
    /// (`CLIENT UNBLOCK`), so this can only be what was added at that very moment.
    /// - Parameters:
    ///   - count: at most so many of each stream; `Redis.defaultCount` unless given. Nothing is read for none.
    ///   - waiting: while it waits the call has a connection of its own.
    /// - Returns: the streams that have some; empty if none came in time.
    /// - Throws: `noGroup` if the group is missing in one of the streams.
    @discardableResult
    public func read(count: Int? = nil, waiting: Waiting = .no) async throws(Redis.Failure) -> [StreamBatch] {
        let count = count ?? Redis.defaultCount
        guard count > 0 else { return [] }
        return try await redis.wait(waiting) {
            .readGroup(name, consumer: consumer, streams: streamNames.map(\.bytes), count: count, block: $0)
        }
    }

    /// What is pending for this consumer in all streams, from the lowest id on: read once before, and not acknowledged.
    ///
    /// `XREADGROUP … STREAMS key … 0 …`. Raises the delivery counts by one.
    /// - Parameter count: at most so many of each stream; `Redis.defaultCount` unless given.
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

    /// Settles messages of this group's streams: they are no longer pending. Returns how many were.
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

    /// Settles one message. Returns whether it was pending.
    @discardableResult
    public func acknowledge(_ message: Message) async throws(Redis.Failure) -> Bool {
        try await acknowledge([message]) > 0
    }
}
