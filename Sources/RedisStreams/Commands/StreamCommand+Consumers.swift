package import FootbridgeRESP

/// The result of removing a consumer.
public enum ConsumerRemoval: Sendable, Equatable {
    /// The consumer is gone, or did not exist.
    ///
    /// `dropped`: what was pending for it. No read of the group brings these entries again; `claim` cannot take them over.
    case removed(dropped: [EntryID])
    /// Nothing was done: this many entries are pending for the consumer. Claim or acknowledge them first.
    case refused(pending: Int)
}

/// One batch of what `autoclaim` takes over.
public struct ClaimedEntries: Sendable, Equatable {
    /// The entries taken over, in the order of their ids.
    public let entries: [StreamEntry]
    /// No longer in the stream, and from now on no longer pending.
    public let deleted: [EntryID]
    /// Where the next batch begins; `nil` if this was the last one. One without entries is not necessarily the last.
    public let next: EntryID?
}

/// One batch of the ids that `autoclaimIDs` takes over.
public struct ClaimedIDs: Sendable, Equatable {
    /// The ids taken over, in order.
    public let ids: [EntryID]
    /// No longer in the stream, and from now on no longer pending.
    public let deleted: [EntryID]
    /// Where the next batch begins; `nil` if this was the last one. One without ids is not necessarily the last.
    public let next: EntryID?
}

/// What `XPENDING` reports about a group in one stream.
public struct PendingSummary: Sendable, Equatable {
    public let count: Int
    /// The lowest pending id; `nil` if none is pending.
    public let lowest: EntryID?
    /// The highest pending id; `nil` if none is pending.
    public let highest: EntryID?
    /// The consumers that have pending entries, with the number of these.
    public let consumers: [String: Int]
}

extension StreamCommand where Reply == PendingSummary {
    /// `XPENDING key group` → `[count, lowest, highest, [[consumer, count], …]]`. Its cost does not grow with the count.
    package static func pendingSummary(stream: some RESPArgument, group: String) -> StreamCommand {
        StreamCommand(["XPENDING", stream, group], isReadOnly: true) { reply in
            guard let parts = reply.elements, parts.count == 4, let count = parts[0].integer else { return nil }
            var consumers: [String: Int] = [:]
            for row in parts[3].elements ?? [] {
                guard let pair = row.elements, pair.count == 2, let name = shownName(pair[0]),
                    let count = pair[1].integer
                else { return nil }
                consumers[name] = Int(clamping: count)
            }
            return PendingSummary(
                count: Int(clamping: count), lowest: EntryID(reply: parts[1]), highest: EntryID(reply: parts[2]),
                consumers: consumers)
        }
    }
}

extension StreamCommand where Reply == ClaimedEntries {
    /// Takes over what has been pending for some time, whoever has it, and reads it. Raises the delivery counts by one.
    ///
    /// `XAUTOCLAIM key group consumer min-idle start COUNT n` → `[next, entries, deleted]`.
    /// <https://redis.io/docs/latest/commands/xautoclaim/>
    /// - Parameter count: the server looks at ten times as many.
    package static func autoclaim(
        stream: some RESPArgument, group: String, consumer: String, minimumIdle: Duration, from start: EntryID,
        count: Int
    ) -> StreamCommand {
        StreamCommand(xautoclaim(stream, group, consumer, minimumIdle, start, count)) { reply in
            guard let portion = portion(reply), let entries = portion.claimed.elements.flatMap(entries) else {
                return nil
            }
            return ClaimedEntries(entries: entries, deleted: portion.deleted, next: portion.next)
        }
    }
}

extension StreamCommand where Reply == ClaimedIDs {
    /// The same without reading the entries, and without raising the delivery counts: `XAUTOCLAIM … JUSTID` → `[next, ids, deleted]`.
    package static func autoclaimIDs(
        stream: some RESPArgument, group: String, consumer: String, minimumIdle: Duration, from start: EntryID,
        count: Int
    ) -> StreamCommand {
        StreamCommand(xautoclaim(stream, group, consumer, minimumIdle, start, count, ["JUSTID"])) { reply in
            guard let portion = portion(reply), let ids = entryIDs(portion.claimed) else { return nil }
            return ClaimedIDs(ids: ids, deleted: portion.deleted, next: portion.next)
        }
    }
}

private func xautoclaim(
    _ stream: some RESPArgument, _ group: String, _ consumer: String, _ minimumIdle: Duration, _ start: EntryID,
    _ count: Int, _ options: [any RESPArgument] = []
) -> RESPCommand {
    let arguments: [any RESPArgument] = [
        stream, group, consumer, minimumIdle.milliseconds, start.argument, "COUNT", max(1, count),
    ]
    return RESPCommand("XAUTOCLAIM", arguments: arguments + options)
}

/// The reply to `XAUTOCLAIM`. Redis 6.2 does not send the third part, the deleted ids.
private func portion(_ reply: RESPValue) -> (claimed: RESPValue, deleted: [EntryID], next: EntryID?)? {
    guard let parts = reply.elements, parts.count >= 2, let next = EntryID(reply: parts[0]) else { return nil }
    let deleted = parts.count > 2 ? parts[2].elements ?? [] : []
    return (parts[1], deleted.compactMap(EntryID.init(reply:)), next == .zero ? nil : next)
}

/// A reply that is ids and nothing else.
@Sendable func entryIDs(_ reply: RESPValue) -> [EntryID]? {
    guard let elements = reply.elements else { return nil }
    let ids = elements.compactMap(EntryID.init(reply:))
    return ids.count == elements.count ? ids : nil
}

extension StreamCommand where Reply == Bool {
    /// `XGROUP DESTROY key group` → whether there was one. The entries stay.
    package static func destroyGroup(_ group: String, on stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XGROUP", "DESTROY", stream, group], decode: truth)
    }

    /// `XGROUP CREATECONSUMER key group consumer` → whether it was made.
    package static func createConsumer(_ consumer: String, of group: String, stream: some RESPArgument) -> StreamCommand
    {
        StreamCommand(["XGROUP", "CREATECONSUMER", stream, group, consumer], decode: truth)
    }
}

/// 1 or 0.
@Sendable func truth(_ reply: RESPValue) -> Bool? { reply.integer.map { $0 > 0 } }

extension StreamCommand where Reply == Void {
    /// `XGROUP SETID key group id [ENTRIESREAD n]`: what is behind `position` is new for the group.
    ///
    /// Moved back while entries are pending, the group delivers these again, with their delivery counts begun anew.
    package static func setGroupID(
        _ position: StreamPosition, of group: String, on stream: some RESPArgument, entriesRead: Int? = nil
    ) -> StreamCommand {
        var arguments: [any RESPArgument] = ["SETID", stream, group, position.argument]
        if let entriesRead { arguments += ["ENTRIESREAD", entriesRead] as [any RESPArgument] }
        return StreamCommand(RESPCommand("XGROUP", arguments: arguments), needs: .entriesRead(entriesRead)) { _ in () }
    }
}

extension StreamCommand where Reply == ConsumerRemoval {
    /// Removes a consumer, by a script: the server looks at what is pending and acts in one step.
    ///
    /// `XGROUP DELCONSUMER` alone forgets the pending entries of the consumer: they are neither read again nor claimed.
    package static func removeConsumer(
        _ consumer: String, of group: String, stream: some RESPArgument, force: Bool
    ) -> StreamCommand {
        let script = """
            local held = 0
            for _, row in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1])[4] or {}) do
              if row[1] == ARGV[2] then held = tonumber(row[2]) end
            end
            if held > 0 and ARGV[3] ~= 'force' then return held end
            local dropped = {}
            if held > 0 then
              for _, row in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', held, ARGV[2])) do
                dropped[#dropped + 1] = row[1]
              end
            end
            redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
            return dropped
            """
        return StreamCommand(["EVAL", script, 1, stream, group, consumer, force ? "force" : ""]) { reply in
            if case .integer(let held) = reply { return .refused(pending: Int(clamping: held)) }
            guard let ids = reply.elements else { return nil }
            return .removed(dropped: ids.compactMap(EntryID.init(reply:)))
        }
    }
}
