package import FootbridgeRESP

/// An entry that was delivered to a consumer and is not acknowledged.
public struct PendingEntry: Sendable, Equatable {
    public let id: EntryID
    public let consumer: String
    /// Time since it was last delivered or claimed.
    public let idle: Duration
    public let deliveryCount: Int

    /// `[id, consumer, idle ms, deliveries]`
    init?(reply: RESPValue) {
        guard case .array(let row) = reply, row.count >= 4, let id = EntryID(reply: row[0]),
            let consumer = shownName(row[1]),
            let idle = row[2].integer, let count = row[3].integer
        else { return nil }
        self.id = id
        self.consumer = consumer
        self.idle = .milliseconds(max(0, idle))
        deliveryCount = Int(clamping: count)
    }
}

extension StreamCommand where Reply == Void {
    /// Makes a group, and the stream if there is none.
    ///
    /// `XGROUP CREATE key group id MKSTREAM [ENTRIESREAD n]`. Fails with `BUSYGROUP` if the group exists.
    /// <https://redis.io/docs/latest/commands/xgroup-create/>
    package static func createGroup(
        _ group: String, on stream: some RESPArgument, from position: GroupPosition, entriesRead: Int? = nil
    ) -> StreamCommand {
        var arguments: [any RESPArgument] = ["CREATE", stream, group, position.argument, "MKSTREAM"]
        if let entriesRead { arguments += ["ENTRIESREAD", entriesRead] as [any RESPArgument] }
        return StreamCommand(RESPCommand("XGROUP", arguments: arguments), needs: .entriesRead(entriesRead)) { _ in () }
    }

    /// Shows that a consumer lives, on every server version, and touches no entry: a history read beyond the end.
    ///
    /// An empty read of `>` does not count as life on 7.0. The id with both halves at their maximum would mean `>`.
    package static func heartbeat(stream: some RESPArgument, group: String, consumer: String) -> StreamCommand {
        let beyond = EntryID(milliseconds: .max)
        return StreamCommand(["XREADGROUP", "GROUP", group, consumer, "COUNT", 1, "STREAMS", stream, beyond.argument]) {
            _ in ()
        }
    }

    /// Writes an attempt count into the pending entry and starts its idle time anew.
    ///
    /// `XCLAIM key group consumer 0 id RETRYCOUNT n JUSTID`. Nothing happens if the entry is not pending.
    package static func setDeliveryCount(
        _ count: Int, of id: EntryID, stream: some RESPArgument, group: String, consumer: String
    ) -> StreamCommand {
        StreamCommand(["XCLAIM", stream, group, consumer, 0, id.argument, "RETRYCOUNT", count, "JUSTID"]) { _ in () }
    }
}

extension StreamCommand where Reply == [StreamEntry] {
    /// New entries for a consumer of a group, from one stream. They are pending from then on, with delivery count 1.
    ///
    /// `XREADGROUP GROUP group consumer COUNT n BLOCK ms STREAMS key >` → `[[key, entries]]` (RESP2), `{key: entries}`
    /// (RESP3), null when nothing came. <https://redis.io/docs/latest/commands/xreadgroup/>
    /// - Parameters:
    ///   - count: at least 1; to the server 0 would mean all there are.
    ///   - block: how long the server waits for the first entry; give the command a later deadline.
    package static func readGroup(
        _ group: String, consumer: String, stream: some RESPArgument, count: Int, block: Duration
    ) -> StreamCommand {
        let command: RESPCommand = [
            "XREADGROUP", "GROUP", group, consumer, "COUNT", max(1, count), "BLOCK", block.milliseconds, "STREAMS",
            stream, ">",
        ]
        return StreamCommand(command) { reply in
            switch reply {
            case .null: return []
            case .map(let pair) where pair.count == 2: return pair[1].elements.flatMap(entries)
            case .array(let streams) where streams.count == 1:
                guard case .array(let pair) = streams[0], pair.count == 2 else { return nil }
                return pair[1].elements.flatMap(entries)
            default: return nil
            }
        }
    }
}

extension StreamCommand where Reply == Int {
    /// Settles entries: they are no longer pending.
    ///
    /// `XACK key group id …` → how many were pending; 0 also if the group or the stream is gone.
    package static func acknowledge(_ ids: [EntryID], stream: some RESPArgument, group: String) -> StreamCommand {
        var encoder = RESPEncoder()
        encoder.beginCommand(argumentCount: 3 + ids.count)
        encoder.argument("XACK" as StaticString)
        stream.encode(into: &encoder)
        encoder.argument(group)
        for id in ids { id.encodeArgument(into: &encoder) }
        return StreamCommand(RESPCommand(name: "XACK", encoded: encoder.bytes), decode: count)
    }
}

extension StreamCommand where Reply == [PendingEntry] {
    /// Pending entries in the order of their ids, of one consumer or of all.
    ///
    /// `XPENDING key group [IDLE ms] from to count [consumer]`. Reading changes neither idle time nor count. With a minimum
    /// idle time and without a consumer the server looks at all that are pending, in one go.
    /// <https://redis.io/docs/latest/commands/xpending/>
    package static func pending(
        stream: some RESPArgument, group: String, consumer: String? = nil, from: EntryBound = .open,
        to: EntryBound = .open,
        count: Int, minimumIdle: Duration? = nil
    ) -> StreamCommand {
        var arguments: [any RESPArgument] = [stream, group]
        if let minimumIdle { arguments += ["IDLE", minimumIdle.milliseconds] as [any RESPArgument] }
        arguments += [from.argument("-"), to.argument("+"), count] as [any RESPArgument]
        if let consumer { arguments.append(consumer) }
        return StreamCommand(RESPCommand("XPENDING", arguments: arguments), isReadOnly: true) { reply in
            guard case .array(let rows) = reply else { return nil }
            let entries = rows.compactMap(PendingEntry.init(reply:))
            return entries.count == rows.count ? entries : nil
        }
    }
}

extension Duration {
    /// Whole milliseconds, as the server takes them; none below zero.
    var milliseconds: Int64 {
        // `components` ends the process beyond 64 bits of seconds.
        guard self > .zero else { return 0 }
        guard self < .seconds(Int64.max) else { return .max / 2 }
        let (seconds, attoseconds) = components
        // So that neither the product nor the sum is too large.
        guard seconds.magnitude < 1 << 52 else { return .max / 2 }
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}

/// A group's or consumer's name. Others may have given names that are not UTF-8: shown with replacement characters, for one
/// odd name must not hide the rest of a reply.
func shownName(_ reply: RESPValue) -> String? { reply.bytes.map { String(decoding: $0, as: UTF8.self) } }
