package import FootbridgeRESP

/// What a read returned from one stream.
public struct StreamBatch: Sendable, Equatable {
    /// The stream's key.
    public let name: StreamName
    /// The stream's key as text.
    public let stream: String
    /// In the order of their ids.
    public let entries: [StreamEntry]
    /// Pending ids whose entries are no longer in the stream (deleted or trimmed). Only a read of what is pending returns them.
    public let deleted: [EntryID]

    public init(stream: String, entries: [StreamEntry], deleted: [EntryID] = []) {
        self.init(StreamName(stream), stream, entries, deleted)
    }

    /// A batch of a stream whose key may be any bytes.
    public init(stream: StreamName, entries: [StreamEntry], deleted: [EntryID] = []) {
        self.init(stream, stream.description, entries, deleted)
    }

    init(_ name: StreamName, _ shown: String, _ entries: [StreamEntry], _ deleted: [EntryID] = []) {
        self.name = name
        stream = shown
        self.entries = entries
        self.deleted = deleted
    }
}

extension StreamCommand where Reply == [StreamBatch] {
    /// Entries behind the given ids, oldest first; only streams that have some are in the reply.
    ///
    /// `XREAD [COUNT n] [BLOCK ms] STREAMS key … id …` → `[[key, entries], …]` (RESP2), `{key: entries}` (RESP3), null
    /// when there are none. <https://redis.io/docs/latest/commands/xread/>
    /// - Parameters:
    ///   - count: at most so many of each stream, at least 1: to the server 0 would mean all there are.
    ///   - block: how long the server waits for the first entry, from 1 ms; `nil` not to wait.
    package static func read(
        _ positions: [(stream: some RESPArgument, after: StreamPosition)], count: Int? = nil, block: Duration? = nil
    ) -> StreamCommand {
        let arguments = readArguments(positions.map { ($0.stream, $0.after.argument) }, count, block)
        return StreamCommand(RESPCommand("XREAD", arguments: arguments), isReadOnly: true, decode: batches)
    }

    /// New entries for a consumer, from all streams of a group. They are pending from then on, with delivery count 1.
    ///
    /// `XREADGROUP GROUP group consumer [COUNT n] [BLOCK ms] [NOACK] STREAMS key … > …`.
    /// <https://redis.io/docs/latest/commands/xreadgroup/>
    /// - Parameter isAcknowledged: they are not pending, but settled by being delivered (`NOACK`).
    package static func readGroup(
        _ group: String, consumer: String, streams: [some RESPArgument], count: Int? = nil, block: Duration? = nil,
        isAcknowledged: Bool = false
    ) -> StreamCommand {
        let options: [any RESPArgument] = isAcknowledged ? ["NOACK"] : []
        return readGroup(group, consumer, readArguments(streams.map { ($0, ">") }, count, block, options))
    }

    /// What is pending for a consumer, behind the given ids. Raises the delivery counts by one and begins the idle times anew.
    ///
    /// `XREADGROUP GROUP group consumer [COUNT n] STREAMS key … id …` → all streams, those with nothing too.
    package static func readPending(
        _ group: String, consumer: String, positions: [(stream: some RESPArgument, after: EntryID)], count: Int? = nil
    ) -> StreamCommand {
        // The highest id would mean ">", and there is nothing behind it in any case.
        let positions = positions.map { ($0.stream, min($0.after, .beforeMaximum).description) }
        return readGroup(group, consumer, readArguments(positions, count, nil))
    }

    private static func readGroup(
        _ group: String, _ consumer: String, _ arguments: [any RESPArgument]
    ) -> StreamCommand {
        StreamCommand(
            RESPCommand("XREADGROUP", arguments: ["GROUP", group, consumer] as [any RESPArgument] + arguments),
            decode: batches)
    }

}

private func readArguments(
    _ positions: [(stream: some RESPArgument, after: String)], _ count: Int?, _ block: Duration?,
    _ options: [any RESPArgument] = []
) -> [any RESPArgument] {
    var arguments: [any RESPArgument] = []
    if let count { arguments += ["COUNT", max(1, count)] as [any RESPArgument] }
    // 0 would mean for ever.
    if let block { arguments += ["BLOCK", max(1, block.milliseconds)] as [any RESPArgument] }
    arguments += options
    arguments.append("STREAMS")
    for position in positions { arguments.append(position.stream) }
    for position in positions { arguments.append(position.after) }
    return arguments
}

/// An entry as a group's read delivers it, with what the server knows about earlier deliveries.
public struct DeliveredMessage: Sendable, Hashable {
    public let message: Message
    /// Time since its previous delivery; zero for a new one.
    public let idle: Duration
    /// How often it was delivered before; 0 for a new one.
    public let earlierDeliveries: Int
}

extension StreamCommand where Reply == [DeliveredMessage] {
    /// What was pending for at least so long with any consumer, and then new entries; all are pending for this consumer from then on.
    ///
    /// `XREADGROUP GROUP group consumer [COUNT n] [BLOCK ms] CLAIM min-idle STREAMS key … > …`, Redis 8.4. Rows have four
    /// parts: `[id, [name, value, …], idle ms, deliveries]`. <https://redis.io/docs/latest/commands/xreadgroup/>
    package static func readClaiming(
        _ group: String, consumer: String, streams: [some RESPArgument], minimumIdle: Duration, count: Int? = nil,
        block: Duration? = nil
    ) -> StreamCommand {
        let options: [any RESPArgument] = ["CLAIM", minimumIdle.milliseconds]
        let arguments: [any RESPArgument] =
            ["GROUP", group, consumer] + readArguments(streams.map { ($0, ">") }, count, block, options)
        return StreamCommand(RESPCommand("XREADGROUP", arguments: arguments), needs: .readClaim) { reply in
            guard let pairs = streamPairs(reply) else { return nil }
            var deliveries: [DeliveredMessage] = []
            for (key, rows) in pairs {
                guard let name = StreamName(reply: key), let rows = rows.elements else { return nil }
                let shown = name.description
                for row in rows {
                    guard let parts = row.elements, parts.count >= 4, let id = EntryID(reply: parts[0]),
                        let idle = parts[2].integer, let count = parts[3].integer
                    else { return nil }
                    // No longer in the stream.
                    if case .null = parts[1] { continue }
                    guard let fields = parts[1].elements.flatMap(EntryFields.init(flat:)) else { return nil }
                    deliveries.append(
                        DeliveredMessage(
                            message: Message(name, shown, id: id, fields: fields),
                            idle: .milliseconds(max(0, idle)), earlierDeliveries: Int(clamping: count)))
                }
            }
            return deliveries
        }
    }
}

extension EntryID {
    static let beforeMaximum = EntryID(milliseconds: .max, sequence: .max - 1)
}

/// Keys of streams with what came of them.
private func streamPairs(_ reply: RESPValue) -> [(RESPValue, RESPValue)]? {
    var pairs: [(RESPValue, RESPValue)] = []
    switch reply {
    case .null: return []
    case .map(let flat):
        for index in stride(from: 0, to: flat.count - 1, by: 2) { pairs.append((flat[index], flat[index + 1])) }
    case .array(let rows):
        for row in rows {
            guard case .array(let pair) = row, pair.count == 2 else { return nil }
            pairs.append((pair[0], pair[1]))
        }
    default: return nil
    }
    return pairs
}

@Sendable private func batches(_ reply: RESPValue) -> [StreamBatch]? {
    guard let pairs = streamPairs(reply) else { return nil }
    var batches: [StreamBatch] = []
    for (key, rows) in pairs {
        guard let name = StreamName(reply: key), let batch = rows.elements.flatMap({ batch(name, $0) }) else {
            return nil
        }
        batches.append(batch)
    }
    return batches
}

private func batch(_ name: StreamName, _ rows: RESPArray) -> StreamBatch? {
    var entries: [StreamEntry] = []
    var deleted: [EntryID] = []
    entries.reserveCapacity(rows.count)
    for row in rows {
        guard let (id, fields) = StreamEntry.decode(row) else { return nil }
        if let fields { entries.append(StreamEntry(id: id, fields: fields)) } else { deleted.append(id) }
    }
    return StreamBatch(name, name.description, entries, deleted)
}
