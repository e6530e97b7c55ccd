public import FootbridgeRESP

/// How a stream is kept short. <https://redis.io/docs/latest/commands/xtrim/>
public struct Trimming: Sendable, Equatable {
    public enum Precision: Sendable, Equatable {
        /// Cheap: removes whole nodes of the server's only, and never too much.
        case approximate
        case exact
    }

    enum Bound: Sendable, Equatable {
        case length(Int)
        case before(EntryID)
    }

    let bound: Bound
    /// Approximate trimming removes whole nodes (100 entries by default) only: cheap, and never too much.
    let isExact: Bool

    /// Keeps the newest `count` entries.
    public static func length(_ count: Int, exact: Bool = false) -> Trimming {
        Trimming(bound: .length(count), isExact: exact)
    }

    /// Removes entries with lower ids.
    public static func before(_ id: EntryID, exact: Bool = false) -> Trimming {
        Trimming(bound: .before(id), isExact: exact)
    }

    var arguments: [any RESPArgument] {
        switch bound {
        case .length(let count): ["MAXLEN", isExact ? "=" : "~", count]
        case .before(let id): ["MINID", isExact ? "=" : "~", id]
        }
    }
}

/// One end of a range of ids.
public enum EntryBound: Sendable, Equatable {
    case included(EntryID)
    case excluded(EntryID)
    /// The beginning or the end of the stream.
    case open

    /// As the server takes it; `open` is how it writes the end that is not bounded here (`-`, `+`).
    public func argument(_ open: String) -> String {
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
    public static func add(
        _ fields: EntryFields, to stream: some RESPArgument, id: EntryID? = nil, trimming: Trimming? = nil
    ) -> StreamCommand {
        add(fields, to: stream, idText: id?.description ?? "*", trimming)
    }

    /// Adds an entry at a time; the server makes the sequence number (7.0 and later).
    ///
    /// `XADD key [trimming] ms-* name value …` → id. Fails if the stream has a later entry.
    public static func add(
        _ fields: EntryFields, to stream: some RESPArgument, milliseconds: UInt64, trimming: Trimming? = nil
    ) -> StreamCommand {
        add(fields, to: stream, idText: "\(milliseconds)-*", trimming)
    }

    private static func add(
        _ fields: EntryFields, to stream: some RESPArgument, idText: String, _ trimming: Trimming?
    ) -> StreamCommand {
        let trimming = trimming?.arguments ?? []
        var encoder = RESPEncoder(capacity: 128 + fields.byteCount + 48 * fields.count)
        encoder.beginCommand(argumentCount: 3 + trimming.count + 2 * fields.count)
        encoder.argument("XADD" as StaticString)
        stream.encode(into: &encoder)
        for argument in trimming { argument.encode(into: &encoder) }
        encoder.argument(idText)
        fields.withUnsafeStrings { encoder.arguments($0) }
        return StreamCommand(RESPCommand(name: "XADD", encoded: encoder.bytes)) { EntryID(reply: $0) }
    }
}

extension StreamCommand where Reply == [StreamEntry] {
    /// Entries with ids in a range, oldest first, or newest first.
    ///
    /// `XRANGE key from to [COUNT count]`, `XREVRANGE key to from [COUNT count]` → `[[id, [name, value, …]], …]`, empty if
    /// there is no such stream. <https://redis.io/docs/latest/commands/xrange/>
    public static func range(
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
    public static func length(of stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XLEN", stream], isReadOnly: true, decode: count)
    }

    /// `XTRIM key …` → how many were removed. Ignores what is pending: an entry that is trimmed cannot be delivered.
    public static func trim(_ stream: some RESPArgument, _ trimming: Trimming) -> StreamCommand {
        let arguments: [any RESPArgument] = [stream] + trimming.arguments
        return StreamCommand(RESPCommand("XTRIM", arguments: arguments), decode: count)
    }

    /// `XDEL key id …` → how many were there. Ignores what is pending, as trimming does.
    /// <https://redis.io/docs/latest/commands/xdel/>
    public static func delete(_ ids: [EntryID], from stream: some RESPArgument) -> StreamCommand {
        StreamCommand(RESPCommand("XDEL", arguments: [stream] + ids), decode: count)
    }
}

extension StreamCommand where Reply == Void {
    /// Moves the highest id that a stream has had; the next one that the server makes is higher.
    ///
    /// `XSETID key id`. Fails if the stream has an entry with a higher id, or is not there.
    public static func setID(_ id: EntryID, of stream: some RESPArgument) -> StreamCommand {
        StreamCommand(["XSETID", stream, id]) { _ in () }
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
