package import FootbridgeRESP

/// One end of a range of ids.
public enum EntryBound: Sendable, Hashable {
    case included(EntryID)
    case excluded(EntryID)
    /// The beginning or the end of the stream.
    case open

    /// As the server takes it; `open` is how it writes the end that is not bounded here (`-`, `+`).
    package func argument(_ open: String) -> String {
        switch self {
        case .included(let id): id.description
        case .excluded(let id): "(\(id)"
        case .open: open
        }
    }
}

extension StreamCommand where Reply == EntryID {
    /// Adds an entry; the server makes the id unless one is given, which must be higher than all before.
    ///
    /// `XADD key [trimming] id name value …` → id. <https://redis.io/docs/latest/commands/xadd/>
    package static func add(
        _ fields: EntryFields, to stream: some RESPArgument, id: EntryID? = nil, trimming: Trimming? = nil
    ) -> StreamCommand {
        StreamCommand(xadd(fields, stream, id?.description ?? "*", trimming), needs: trimming?.needs) {
            EntryID(reply: $0)
        }
    }

    /// Adds an entry at a time; the server makes the sequence number (7.0 and later).
    ///
    /// `XADD key [trimming] ms-* name value …` → id. Fails if the stream has a later entry.
    package static func add(
        _ fields: EntryFields, to stream: some RESPArgument, milliseconds: UInt64, trimming: Trimming? = nil
    ) -> StreamCommand {
        StreamCommand(xadd(fields, stream, "\(milliseconds)-*", trimming), needs: trimming?.needs) {
            EntryID(reply: $0)
        }
    }
}

extension StreamCommand where Reply == EntryID? {
    /// Adds an entry if there is a stream: `XADD key NOMKSTREAM [trimming] id name value …` → id, or null.
    package static func addIfExists(
        _ fields: EntryFields, to stream: some RESPArgument, id: EntryID? = nil, trimming: Trimming? = nil
    ) -> StreamCommand {
        let command = xadd(fields, stream, id?.description ?? "*", trimming, makesStream: false)
        return StreamCommand(command, needs: trimming?.needs) { reply in
            if case .null = reply { return .some(nil) }
            return EntryID(reply: reply).map { .some($0) }
        }
    }
}

private func xadd(
    _ fields: EntryFields, _ stream: some RESPArgument, _ id: String, _ trimming: Trimming?, makesStream: Bool = true
) -> RESPCommand {
    let trimming = trimming?.arguments ?? []
    var encoder = RESPEncoder(capacity: 128 + fields.byteCount + 48 * fields.count)
    encoder.beginCommand(argumentCount: 3 + (makesStream ? 0 : 1) + trimming.count + 2 * fields.count)
    encoder.argument("XADD" as StaticString)
    stream.encode(into: &encoder)
    if !makesStream { encoder.argument("NOMKSTREAM" as StaticString) }
    for argument in trimming { argument.encode(into: &encoder) }
    encoder.argument(id)
    fields.withUnsafeStrings { encoder.arguments($0) }
    return RESPCommand(name: "XADD", encoded: encoder.bytes)
}

extension StreamCommand where Reply == [StreamEntry] {
    /// Entries with ids in a range, oldest first, or newest first.
    ///
    /// `XRANGE key from to [COUNT count]`, `XREVRANGE key to from [COUNT count]` → `[[id, [name, value, …]], …]`, empty if
    /// there is no such stream. <https://redis.io/docs/latest/commands/xrange/>
    package static func range(
        _ stream: some RESPArgument, from: EntryBound = .open, to: EntryBound = .open, count: Int? = nil,
        newestFirst: Bool = false
    ) -> StreamCommand {
        let bounds = [from.argument("-"), to.argument("+")]
        var arguments: [any RESPArgument] = [stream]
        for bound in newestFirst ? bounds.reversed() : bounds { arguments.append(bound) }
        if let count { arguments += ["COUNT", count] as [any RESPArgument] }
        let command = RESPCommand(newestFirst ? "XREVRANGE" : "XRANGE", arguments: arguments)
        return StreamCommand(command, isReadOnly: true) { reply in
            switch reply {
            case .array(let rows): return entries(rows)
            // The answer to COUNT 0.
            case .null where count == 0: return []
            default: return nil
            }
        }
    }
}

extension StreamCommand where Reply == Int {
    /// `XLEN key` → how many entries; 0 if there is no such stream.
    package static func length(of stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XLEN", stream], isReadOnly: true, decode: count)
    }

    /// `XTRIM key …` → how many were removed. Ignores what is pending: an entry that is trimmed cannot be delivered.
    package static func trim(_ stream: some RESPArgument, _ trimming: Trimming) -> StreamCommand {
        let arguments: [any RESPArgument] = [stream] + trimming.arguments
        return StreamCommand(
            RESPCommand("XTRIM", arguments: arguments), needs: trimming.needs, decode: count)
    }

    /// `XDEL key id …` → how many were there. Ignores what is pending, as trimming does.
    /// <https://redis.io/docs/latest/commands/xdel/>
    package static func delete(_ ids: [EntryID], from stream: some RESPArgument) -> StreamCommand {
        StreamCommand(RESPCommand("XDEL", arguments: [stream] + ids.arguments), decode: count)
    }
}

extension StreamCommand where Reply == Void {
    /// Moves the highest id that a stream has had; the next one that the server makes is higher.
    ///
    /// `XSETID key id`. Fails if the stream has an entry with a higher id, or is not there.
    package static func setID(_ id: EntryID, of stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XSETID", stream, id.argument]) { _ in () }
    }
}

/// A count in a reply.
@Sendable func count(_ reply: RESPValue) -> Int? { reply.integer.map { Int(clamping: $0) } }

/// Rows of entries that are there; rows of deleted ones are left out.
func entries(_ rows: RESPArray) -> [StreamEntry]? {
    var entries: [StreamEntry] = []
    entries.reserveCapacity(rows.count)
    for row in rows {
        guard let (id, fields) = StreamEntry.decode(row) else {
            if case .null = row { continue }
            return nil
        }
        if let fields { entries.append(StreamEntry(id: id, fields: fields)) }
    }
    return entries
}
