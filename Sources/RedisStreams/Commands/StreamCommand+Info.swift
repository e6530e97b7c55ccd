package import FootbridgeRESP

/// What `XINFO STREAM` reports about a stream. <https://redis.io/docs/latest/commands/xinfo-stream/>
public struct StreamInfo: Sendable, Hashable {
    public let length: Int
    /// The highest id that the stream has had.
    public let lastID: EntryID
    public let groupCount: Int
    public let firstEntry: StreamEntry?
    public let lastEntry: StreamEntry?
    /// The highest id that `delete` has removed; trimming does not count. `nil` before Redis 7.0, zero if there is none.
    public let maximumDeletedID: EntryID?
    /// How many entries the stream has had in all. `nil` before Redis 7.0.
    public let entriesAdded: Int?
    /// The lowest id, as the server records it for computing a group's lag. `nil` before Redis 7.0.
    public let recordedFirstID: EntryID?
    /// Keys of the radix tree that holds the entries.
    public let radixTreeKeys: Int?
    /// Nodes of that tree.
    public let radixTreeNodes: Int?

    /// The lowest id in the stream; `nil` if it is empty.
    public var firstID: EntryID? { firstEntry?.id }
}

/// What `XINFO GROUPS` reports about one group. <https://redis.io/docs/latest/commands/xinfo-groups/>
public struct GroupInfo: Sendable, Hashable {
    public let name: String
    public let consumerCount: Int
    public let pendingCount: Int
    /// The highest id that was delivered to any consumer.
    public let lastDelivered: EntryID
    /// Entries still to be read; `nil` if the server does not know, as after deletions in the middle and some moves of the group.
    /// Never negative.
    public let lag: Int?
    /// How many entries the group has read, by the server's count; `nil` if it does not know, as with `lag`.
    public let entriesRead: Int?
}

/// What `XINFO CONSUMERS` reports about one consumer. <https://redis.io/docs/latest/commands/xinfo-consumers/>
public struct ConsumerInfo: Sendable, Hashable {
    public let name: String
    public let pendingCount: Int
    /// Time since the consumer last tried anything. Before Redis 7.2, reads that bring nothing do not count.
    public let idle: Duration
    /// Time since the consumer last got an entry, by reading or claiming; `nil` if it never has, and before Redis 7.2.
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
