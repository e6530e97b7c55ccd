public import FootbridgeRESP

/// What `XINFO STREAM` tells of a stream.
public struct StreamInfo: Sendable, Equatable {
    public let length: Int
    public let lastID: EntryID
    public let firstID: EntryID?
    public let groupCount: Int
}

/// What `XINFO GROUPS` tells of one group.
public struct GroupInfo: Sendable, Equatable {
    public let name: String
    public let consumerCount: Int
    public let pendingCount: Int
    /// The highest id that was given to any consumer.
    public let lastDelivered: EntryID
    /// Entries still to be read; unknown after deletions in the middle and after some moves of the group. Never negative.
    public let lag: Int?
}

/// What `XINFO CONSUMERS` tells of one consumer.
public struct ConsumerInfo: Sendable, Equatable {
    public let name: String
    public let pendingCount: Int
    /// Since the consumer showed life; what counts as life differs by version, see `heartbeat`.
    public let idle: Duration
}

extension StreamCommand where Reply == StreamInfo {
    /// Fails with `ERR no such key` if there is no such stream. <https://redis.io/docs/latest/commands/xinfo-stream/>
    public static func info(_ stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XINFO", "STREAM", stream], isReadOnly: true) { reply in
            guard let length = reply.value(named: "length")?.integer,
                let last = reply.value(named: "last-generated-id").flatMap(EntryID.init(reply:))
            else { return nil }
            let first = reply.value(named: "first-entry")?.elements?.first.flatMap(EntryID.init(reply:))
            let groups = reply.value(named: "groups")?.integer ?? 0
            return StreamInfo(
                length: Int(clamping: length), lastID: last, firstID: first, groupCount: Int(clamping: groups))
        }
    }
}

extension StreamCommand where Reply == [GroupInfo] {
    /// Fails with `ERR no such key` if there is no such stream. <https://redis.io/docs/latest/commands/xinfo-groups/>
    public static func groups(of stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XINFO", "GROUPS", stream], isReadOnly: true) { reply in
            guard let rows = reply.elements else { return nil }
            var groups: [GroupInfo] = []
            for row in rows {
                guard let name = row.value(named: "name").flatMap(shownName),
                    let consumers = row.value(named: "consumers")?.integer,
                    let pending = row.value(named: "pending")?.integer,
                    let last = row.value(named: "last-delivered-id").flatMap(EntryID.init(reply:))
                else { return nil }
                let lag = row.value(named: "lag")?.integer
                groups.append(
                    GroupInfo(
                        name: name, consumerCount: Int(clamping: consumers), pendingCount: Int(clamping: pending),
                        lastDelivered: last, lag: lag.map { max(0, Int(clamping: $0)) }))
            }
            return groups
        }
    }
}

extension StreamCommand where Reply == [ConsumerInfo] {
    /// Fails with `NOGROUP` if the group is gone. <https://redis.io/docs/latest/commands/xinfo-consumers/>
    public static func consumers(of group: String, stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XINFO", "CONSUMERS", stream, group], isReadOnly: true) { reply in
            guard let rows = reply.elements else { return nil }
            var consumers: [ConsumerInfo] = []
            for row in rows {
                guard let name = row.value(named: "name").flatMap(shownName),
                    let idle = row.value(named: "idle")?.integer,
                    let pending = row.value(named: "pending")?.integer
                else { return nil }
                consumers.append(
                    ConsumerInfo(
                        name: name, pendingCount: Int(clamping: pending), idle: .milliseconds(max(0, idle))))
            }
            return consumers
        }
    }
}
