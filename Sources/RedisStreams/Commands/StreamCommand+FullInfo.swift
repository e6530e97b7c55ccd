package import FootbridgeRESP

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What `XINFO STREAM … FULL` reports: a snapshot of a stream with its entries, its groups, their consumers and what is pending.
/// <https://redis.io/docs/latest/commands/xinfo-stream/>
public struct FullStreamInfo: Sendable, Hashable {
    public let length: Int
    /// The highest id that the stream has had.
    public let lastID: EntryID
    /// See `StreamInfo.maximumDeletedID`.
    public let maximumDeletedID: EntryID?
    /// See `StreamInfo.entriesAdded`.
    public let entriesAdded: Int?
    /// See `StreamInfo.recordedFirstID`.
    public let recordedFirstID: EntryID?
    /// Keys of the radix tree that holds the entries.
    public let radixTreeKeys: Int?
    /// Nodes of that tree.
    public let radixTreeNodes: Int?
    /// The first ones, as many as were asked for.
    public let entries: [StreamEntry]
    public let groups: [FullGroupInfo]
}

/// A group in `FullStreamInfo`.
public struct FullGroupInfo: Sendable, Hashable {
    public let name: String
    /// The highest id that was delivered to any consumer.
    public let lastDelivered: EntryID
    /// See `GroupInfo.entriesRead`.
    public let entriesRead: Int?
    /// See `GroupInfo.lag`.
    public let lag: Int?
    public let pendingCount: Int
    /// The first ones, as many as were asked for.
    public let pending: [PendingDelivery]
    public let consumers: [FullConsumerInfo]
}

/// A consumer in `FullStreamInfo`.
public struct FullConsumerInfo: Sendable, Hashable {
    public let name: String
    /// When it last tried anything.
    public let seenAt: Date
    /// When it last got an entry; `nil` if it never has, and before Redis 7.2.
    public let activeAt: Date?
    public let pendingCount: Int
    /// The first ones, as many as were asked for.
    public let pending: [PendingDelivery]
}

/// An entry that is pending, in `FullStreamInfo`.
public struct PendingDelivery: Sendable, Hashable {
    public let id: EntryID
    public let consumer: String
    /// When it was last delivered, by the server's clock.
    public let deliveredAt: Date
    public let deliveryCount: Int
}

extension StreamCommand where Reply == FullStreamInfo {
    /// `XINFO STREAM key FULL COUNT n`. Fails with `ERR no such key` if there is no such stream.
    ///
    /// - Parameter count: of the entries, and of what is pending for each group and each consumer; 0 is all.
    package static func fullInfo(_ stream: some RESPArgument, count: Int) -> StreamCommand {
        StreamCommand(["XINFO", "STREAM", stream, "FULL", "COUNT", max(0, count)], isReadOnly: true) { reply in
            guard let length = reply.count(named: "length"), let last = reply.id(named: "last-generated-id"),
                let entries = reply.value(named: "entries")?.elements.flatMap(entries),
                let groups = all(reply.value(named: "groups"), group)
            else { return nil }
            return FullStreamInfo(
                length: length, lastID: last, maximumDeletedID: reply.id(named: "max-deleted-entry-id"),
                entriesAdded: reply.count(named: "entries-added"),
                recordedFirstID: reply.id(named: "recorded-first-entry-id"),
                radixTreeKeys: reply.count(named: "radix-tree-keys"),
                radixTreeNodes: reply.count(named: "radix-tree-nodes"), entries: entries, groups: groups)
        }
    }
}

private func group(_ row: RESPValue) -> FullGroupInfo? {
    guard let name = row.value(named: "name").flatMap(shownName), let last = row.id(named: "last-delivered-id"),
        let count = row.count(named: "pel-count"),
        let pending = all(row.value(named: "pending"), pendingOfGroup),
        let consumers = all(row.value(named: "consumers"), consumer)
    else { return nil }
    return FullGroupInfo(
        name: name, lastDelivered: last, entriesRead: row.count(named: "entries-read"),
        lag: row.count(named: "lag").map { max(0, $0) }, pendingCount: count, pending: pending, consumers: consumers)
}

private func consumer(_ row: RESPValue) -> FullConsumerInfo? {
    guard let name = row.value(named: "name").flatMap(shownName),
        let seen = row.value(named: "seen-time")?.integer, let count = row.count(named: "pel-count"),
        let pending = all(row.value(named: "pending"), { pendingOfConsumer($0, name) })
    else { return nil }
    let active = row.value(named: "active-time")?.integer
    return FullConsumerInfo(
        name: name, seenAt: date(seen), activeAt: active.flatMap { $0 < 0 ? nil : date($0) }, pendingCount: count,
        pending: pending)
}

/// `[id, consumer, time, deliveries]`
private func pendingOfGroup(_ row: RESPValue) -> PendingDelivery? {
    guard let parts = row.elements, parts.count >= 4, let id = EntryID(reply: parts[0]),
        let consumer = shownName(parts[1]), let time = parts[2].integer, let count = parts[3].integer
    else { return nil }
    return PendingDelivery(id: id, consumer: consumer, deliveredAt: date(time), deliveryCount: Int(clamping: count))
}

/// `[id, time, deliveries]`
private func pendingOfConsumer(_ row: RESPValue, _ consumer: String) -> PendingDelivery? {
    guard let parts = row.elements, parts.count >= 3, let id = EntryID(reply: parts[0]),
        let time = parts[1].integer, let count = parts[2].integer
    else { return nil }
    return PendingDelivery(id: id, consumer: consumer, deliveredAt: date(time), deliveryCount: Int(clamping: count))
}

private func date(_ milliseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
