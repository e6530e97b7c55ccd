#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A consumer group whose streams are addressed by time: ids come from dates and are read as dates.
///
/// A handle, made by `redis.timeSeries(_:of:consumer:)`. `series["s1"]` is one of the streams: `add(_:at:)`, ranges such as
/// `series["s1"][jan2...].prefix(3)`, what is pending. Dates are points in time, so there is no question of a time zone; ids
/// hold them to the millisecond, and a range that ends with a date ends with the last entry of its millisecond.
public struct TimeSeries: Sendable {
    /// The group behind it.
    public let group: ConsumerGroup

    /// The keys of the streams, in the order in which they are read.
    public var streams: [String] { group.streams }
    /// The consumer that reads; `<name>.c1` unless given.
    public var consumer: String { group.consumer }

    /// The same series for another consumer.
    public func consumer(_ name: String) -> TimeSeries { TimeSeries(group: group.consumer(name)) }

    /// One of the streams.
    public subscript(stream: String) -> GroupStream { group[stream] }

    /// One of the streams, whose key may be any bytes.
    public subscript(stream: StreamName) -> GroupStream { group[stream] }

    /// Creates the group in each stream; see `ConsumerGroup.create`.
    @discardableResult
    public func create(from position: StreamPosition = .beginning) async throws(Redis.Failure) -> [StreamName: Bool] {
        try await group.create(from: position)
    }

    /// Removes the group; the entries stay. See `ConsumerGroup.destroy`.
    @discardableResult
    public func destroy() async throws(Redis.Failure) -> [StreamName: Bool] { try await group.destroy() }

    /// New messages of all streams for this consumer, in the order of time; they are pending from then on.
    ///
    /// Messages of the same time are in the order of their sequence numbers, then of the streams. See `ConsumerGroup.read`.
    /// - Parameter count: the most to read of each stream. A later call may return older messages than this one.
    public func read(count: Int? = nil, waiting: Waiting = .no) async throws(Redis.Failure) -> [Message] {
        try await group.read(count: count, waiting: waiting).messages
    }

    /// All messages of all streams in a span of time, in the order of time, whether they have been read or not.
    public func messages(_ range: some EntryRangeExpression) async throws(Redis.Failure) -> [Message] {
        var batches: [StreamBatch] = []
        for stream in group.streamNames {
            let entries = try await group[stream][range].entries()
            batches.append(StreamBatch(stream, stream.description, entries))
        }
        return batches.messages
    }

    /// Acknowledges messages: they are no longer pending. Returns how many were pending.
    @discardableResult
    public func acknowledge(_ messages: [Message]) async throws(Redis.Failure) -> Int {
        try await group.acknowledge(messages)
    }

    /// Moves the group to a time: what comes after the first entry (sequence 0) of its millisecond is new for it.
    ///
    /// To have an entry at `date` itself delivered, too, use `setID(.since(date))`.
    public func setID(_ date: Date) async throws(Redis.Failure) { try await setID(.after(EntryID(date))) }

    /// Moves the group; see `ConsumerGroup.setID`.
    public func setID(_ position: StreamPosition = .latest) async throws(Redis.Failure) {
        try await group.setID(position)
    }

    /// Moves the group to the beginning: everything in the streams is new for it.
    public func reset() async throws(Redis.Failure) { try await group.reset() }
}
