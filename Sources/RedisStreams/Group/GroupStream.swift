#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The part of a consumer group in one of its streams; `group["stream-a"]`.
public struct GroupStream: Sendable {
    /// The stream itself.
    public let stream: Redis.Stream
    let group: ConsumerGroup

    var redis: Redis { group.redis }
    /// The name of the stream, as an argument.
    var key: [UInt8] { stream.name.bytes }

    /// The group in this stream alone.
    var alone: ConsumerGroup {
        ConsumerGroup(name: group.name, streamNames: [stream.name], consumer: group.consumer, redis: redis)
    }

    /// Creates the group, and the stream if there is none. Returns `false` if the group existed already.
    ///
    /// `XGROUP CREATE key group id MKSTREAM [ENTRIESREAD n]`; <https://redis.io/docs/latest/commands/xgroup-create/>
    /// - Parameter entriesRead: how many entries are before `position`, if you know it: the server then knows the group's lag
    ///   from the beginning. It believes the number; -1 means unknown. Redis 7.0 and later.
    @discardableResult
    public func create(
        from position: StreamPosition = .beginning, entriesRead: Int? = nil
    ) async throws(Redis.Failure) -> Bool {
        do {
            try await redis.call(.createGroup(group.name, on: key, from: position, entriesRead: entriesRead))
            return true
        } catch {
            guard error.kind == .groupExists else { throw error }
            return false
        }
    }

    /// Removes the group and what is pending in it; the entries stay. Returns whether there was such a group.
    @discardableResult
    public func destroy() async throws(Redis.Failure) -> Bool {
        do {
            return try await redis.call(.destroyGroup(group.name, on: key))
        } catch {
            guard error.kind == .noStream else { throw error }
            return false
        }
    }

    /// Moves the group: what comes after `position` is new for it. See `ConsumerGroup.setID`.
    ///
    /// `XGROUP SETID key group id [ENTRIESREAD n]`; <https://redis.io/docs/latest/commands/xgroup-setid/>
    /// - Parameter entriesRead: how many entries are before `position`, if you know it; see `create`.
    public func setID(
        _ position: StreamPosition = .latest, entriesRead: Int? = nil
    ) async throws(Redis.Failure) {
        try await redis.call(.setGroupID(position, of: group.name, on: key, entriesRead: entriesRead))
    }

    /// New entries for this consumer; see `ConsumerGroup.read`.
    public func read(count: Int? = nil, waiting: Waiting = .no) async throws(Redis.Failure) -> [StreamEntry] {
        try await alone.read(count: count, waiting: waiting).first?.entries ?? []
    }

    /// What is pending for this consumer, after `id`; see `ConsumerGroup.readPending`.
    public func readPending(after id: EntryID = .zero, count: Int? = nil) async throws(Redis.Failure) -> StreamBatch {
        try await group.readPending([(stream.name, id)], count: count).first
            ?? StreamBatch(stream.name, stream.key, [])
    }

    /// What is pending, that is, delivered to a consumer and not acknowledged; in the order of the ids.
    ///
    /// `XPENDING key group [IDLE ms] from to count [consumer]`; <https://redis.io/docs/latest/commands/xpending/>. Reading changes
    /// neither the idle time nor the count.
    /// - Parameters:
    ///   - range: ids or dates, as for a stream.
    ///   - consumer: only what is pending for this one; for all consumers unless given.
    ///   - minimumIdle: only what was delivered at least this long ago. Without a consumer the server looks at everything pending.
    /// - Throws: `noGroup` if there is no such group or stream.
    public func pending(
        _ range: some EntryRangeExpression, count: Int = 1000, consumer: String? = nil, minimumIdle: Duration? = nil
    ) async throws(Redis.Failure) -> [PendingEntry] {
        let interval = range.interval
        guard count > 0, !interval.isEmpty else { return [] }
        return try await redis.call(
            .pending(
                stream: key, group: group.name, consumer: consumer, from: interval.from, to: interval.to, count: count,
                minimumIdle: minimumIdle))
    }

    /// What is pending, from the lowest id on.
    public func pending(
        count: Int = 1000, consumer: String? = nil, minimumIdle: Duration? = nil
    ) async throws(Redis.Failure) -> [PendingEntry] {
        try await pending(EntryInterval.all, count: count, consumer: consumer, minimumIdle: minimumIdle)
    }

    /// How many entries are pending, and for whom; cheap however many there are. `XPENDING key group`
    public func pendingSummary() async throws(Redis.Failure) -> PendingSummary {
        try await redis.call(.pendingSummary(stream: key, group: group.name))
    }

    /// Acknowledges entries: they are no longer pending, whoever had them. Returns how many were pending.
    ///
    /// `XACK`; <https://redis.io/docs/latest/commands/xack/>. Also 0 if there is no such group.
    @discardableResult
    public func acknowledge(_ ids: EntryID...) async throws(Redis.Failure) -> Int { try await acknowledge(ids) }

    /// Acknowledges entries; returns how many were pending.
    @discardableResult
    public func acknowledge(_ ids: [EntryID]) async throws(Redis.Failure) -> Int {
        ids.isEmpty ? 0 : try await redis.call(.acknowledge(ids, stream: key, group: group.name))
    }

    /// Takes pending entries over for this consumer, whoever has them, and reads them. Raises their delivery counts by one and
    /// resets their idle times.
    ///
    /// `XCLAIM`; <https://redis.io/docs/latest/commands/xclaim/>. Leaves out what is not pending, or not for that long; and
    /// what is no longer in the stream, which the server then no longer counts as pending (7.0 and later).
    /// - Parameter options: what is written into the entries besides the new owner.
    @discardableResult
    public func claim(
        _ ids: [EntryID], minimumIdle: Duration = .zero, options: ClaimOptions = ClaimOptions()
    ) async throws(Redis.Failure) -> [StreamEntry] {
        guard !ids.isEmpty else { return [] }
        return try await redis.call(
            .claim(
                ids, stream: key, group: group.name, consumer: group.consumer, minimumIdle: minimumIdle, options))
    }

    /// Takes pending entries over for this consumer, whoever has them, and reads them.
    @discardableResult
    public func claim(_ ids: EntryID..., minimumIdle: Duration = .zero) async throws(Redis.Failure) -> [StreamEntry] {
        try await claim(ids, minimumIdle: minimumIdle)
    }

    /// Takes over a batch of what has been pending for at least `minimumIdle`; continue from `next` until it is `nil`.
    ///
    /// `XAUTOCLAIM`; <https://redis.io/docs/latest/commands/xautoclaim/>. What is no longer in the stream is returned as
    /// `deleted`, and is no longer pending.
    public func autoclaim(
        minimumIdle: Duration, from start: EntryID = .zero, count: Int = 100
    ) async throws(Redis.Failure) -> ClaimedEntries {
        try await redis.call(
            .autoclaim(
                stream: key, group: group.name, consumer: group.consumer, minimumIdle: minimumIdle, from: start,
                count: count))
    }

    /// The group's consumers in this stream. `XINFO CONSUMERS`
    public func consumers() async throws(Redis.Failure) -> [ConsumerInfo] {
        try await redis.call(.consumers(of: group.name, stream: key))
    }

    /// How far the group has read, and what is pending; `nil` if there is no such group. `XINFO GROUPS`
    public func info() async throws(Redis.Failure) -> GroupInfo? {
        try await stream.groups().first { $0.name == group.name }
    }

    /// Removes a consumer, this one unless another is named; but not while entries are pending for it, because the group would
    /// lose them: they could be neither read again nor claimed.
    ///
    /// The server checks and removes in one step (a script). <https://redis.io/docs/latest/commands/xgroup-delconsumer/>
    /// - Parameter force: removes it nevertheless, and returns what was dropped.
    @discardableResult
    public func removeConsumer(_ name: String? = nil, force: Bool = false) async throws(Redis.Failure)
        -> ConsumerRemoval
    {
        try await redis.call(
            .removeConsumer(name ?? group.consumer, of: group.name, stream: key, force: force))
    }
}

/// What the stream itself can do, for short: `series["s1"][jan2...].prefix(3)`.
extension GroupStream {
    /// The entry with this id; `nil` if there is none.
    public subscript(id: EntryID) -> StreamEntry? { get async throws(Redis.Failure) { try await stream[id] } }

    /// Entries in a range of ids or dates, whether the group has read them or not; see `Stream`.
    public subscript(range: some EntryRangeExpression) -> EntryRange { stream[range] }

    /// All entries of the stream.
    public subscript(range: UnboundedRange) -> EntryRange { stream[range] }

    /// Adds an entry; see `Stream.add(_:id:trimming:)`.
    @discardableResult
    public func add(_ fields: EntryFields, id: EntryID? = nil, trimming: Trimming? = nil) async throws(Redis.Failure)
        -> EntryID
    {
        try await stream.add(fields, id: id, trimming: trimming)
    }

    /// Adds an entry at a time; see `Stream.add(_:at:trimming:)`.
    @discardableResult
    public func add(_ fields: EntryFields, at date: Date, trimming: Trimming? = nil) async throws(Redis.Failure)
        -> EntryID
    {
        try await stream.add(fields, at: date, trimming: trimming)
    }
}
