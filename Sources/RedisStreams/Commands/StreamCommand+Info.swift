package import FootbridgeRESP

/// What `XINFO STREAM` tells of a stream. <https://redis.io/docs/latest/commands/xinfo-stream/>
public struct StreamInfo: Sendable, Hashable {
    public let length: Int
    /// The highest id that the stream has had.
    public let lastID: EntryID
    public let groupCount: Int
    public let firstEntry: StreamEntry?
    public let lastEntry: StreamEntry?
    /// The highest id that was deleted by `delete`; trimming does not count. `nil` before Redis 7.0, zero if there is none.
    public let maximumDeletedID: EntryID?
    /// How many entries the stream has had in all. `nil` before Redis 7.0.
    public let entriesAdded: Int?
    /// The lowest id as the server keeps it for reckoning a group's lag. `nil` before Redis 7.0.
    public let recordedFirstID: EntryID?
    /// Of the tree that the entries are in.
    public let radixTreeKeys: Int?
    public let radixTreeNodes: Int?

    /// The lowest id that is there; `nil` if the stream is empty.
    public var firstID: EntryID? { firstEntry?.id }
}

/// What `XINFO GROUPS` tells of one group. <https://redis.io/docs/latest/commands/xinfo-groups/>
public struct GroupInfo: Sendable, Hashable {
    public let name: String
    public let consumerCount: Int
    public let pendingCount: Int
    /// The highest id that was given to any consumer.
    public let lastDelivered: EntryID
    /// Entries still to be read; unknown after deletions in the middle and after some moves of the group. Never negative.
    public let lag: Int?
    /// How many entries the group has read, as the server reckons; unknown at times, as the lag is.
    public let entriesRead: Int?
}

/// What `XINFO CONSUMERS` tells of one consumer. <https://redis.io/docs/latest/commands/xinfo-consumers/>
public struct ConsumerInfo: Sendable, Hashable {
    public let name: String
    public let pendingCount: Int
    /// Since the consumer tried anything. Before Redis 7.2 reads that bring nothing do not count.
    public let idle: Duration
    /// Since the consumer got an entry, by reading or claiming; `nil` if it never has, and before Redis 7.2.
    public let inactive: Duration?
}

extension StreamCommand where Reply == StreamInfo {
    /// Fails with `ERR no such key` if there is no such stream.
    package static func info(_ stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XINFO", "STREAM", stream], isReadOnly: true) { reply in
            guard let length = reply.count(named: "length"), let last = reply.id(named: "last-generated-id") else {
                return nil
            }
            func entry(_ name: String) -> StreamEntry? {
                guard let (id, fields) = reply.value(named: name).flatMap(StreamEntry.decode), let fields else {
                    return nil
                }
                return StreamEntry(id: id, fields: fields)
            }
            return StreamInfo(
                length: length, lastID: last, groupCount: reply.count(named: "groups") ?? 0,
                firstEntry: entry("first-entry"), lastEntry: entry("last-entry"),
                maximumDeletedID: reply.id(named: "max-deleted-entry-id"),
                entriesAdded: reply.count(named: "entries-added"),
                recordedFirstID: reply.id(named: "recorded-first-entry-id"),
                radixTreeKeys: reply.count(named: "radix-tree-keys"),
                radixTreeNodes: reply.count(named: "radix-tree-nodes"))
        }
    }
}

extension StreamCommand where Reply == [GroupInfo] {
    /// Fails with `ERR no such key` if there is no such stream.
    package static func groups(of stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XINFO", "GROUPS", stream], isReadOnly: true) { reply in
            all(reply) { row in
                guard let name = row.value(named: "name").flatMap(shownName),
                    let consumers = row.count(named: "consumers"), let pending = row.count(named: "pending"),
                    let last = row.id(named: "last-delivered-id")
                else { return nil }
                return GroupInfo(
                    name: name, consumerCount: consumers, pendingCount: pending, lastDelivered: last,
                    lag: row.count(named: "lag").map { max(0, $0) }, entriesRead: row.count(named: "entries-read"))
            }
        }
    }
}

extension StreamCommand where Reply == [ConsumerInfo] {
    /// Fails with `NOGROUP` if the group is gone.
    package static func consumers(of group: String, stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XINFO", "CONSUMERS", stream, group], isReadOnly: true) { reply in
            all(reply) { row in
                guard let name = row.value(named: "name").flatMap(shownName),
                    let idle = row.value(named: "idle")?.integer, let pending = row.count(named: "pending")
                else { return nil }
                let inactive = row.value(named: "inactive")?.integer
                return ConsumerInfo(
                    name: name, pendingCount: pending, idle: .milliseconds(max(0, idle)),
                    inactive: inactive.flatMap { $0 < 0 ? nil : .milliseconds($0) })
            }
        }
    }
}

extension RESPValue {
    func count(named name: String) -> Int? { value(named: name)?.integer.map { Int(clamping: $0) } }

    func id(named name: String) -> EntryID? { value(named: name).flatMap(EntryID.init(reply:)) }
}

/// Each row of a reply; `nil` if one is not what it should be.
func all<Row>(_ reply: RESPValue?, _ decode: (RESPValue) -> Row?) -> [Row]? {
    guard let elements = reply?.elements else { return nil }
    let rows = elements.compactMap(decode)
    return rows.count == elements.count ? rows : nil
}
