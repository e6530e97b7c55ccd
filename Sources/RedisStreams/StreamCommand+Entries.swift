internal import RESP

/// How a stream is kept short. <https://redis.io/docs/latest/commands/xtrim/>
public struct Trimming: Sendable, Equatable {
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
        _ fields: EntryFields, to stream: String, id: EntryID? = nil, trimming: Trimming? = nil
    ) -> StreamCommand {
        var arguments: [any RESPArgument] = [stream]
        if let trimming { arguments += trimming.arguments }
        arguments.append(id?.description ?? "*")
        for field in fields { arguments += [field.name, field.value] as [any RESPArgument] }
        return StreamCommand(RESPCommand("XADD", arguments: arguments)) { EntryID(reply: $0) }
    }
}

extension StreamCommand where Reply == [StreamEntry] {
    /// Entries with ids in a range, oldest first.
    ///
    /// `XRANGE key from to [COUNT count]` → `[[id, [name, value, …]], …]`, empty if there is no such stream.
    /// <https://redis.io/docs/latest/commands/xrange/>
    public static func range(
        _ stream: String, from: EntryBound = .open, to: EntryBound = .open, count: Int? = nil
    ) -> StreamCommand {
        var arguments: [any RESPArgument] = [stream, from.argument("-"), to.argument("+")]
        if let count { arguments += ["COUNT", count] as [any RESPArgument] }
        return StreamCommand(RESPCommand("XRANGE", arguments: arguments)) { reply in
            guard case .array(let rows) = reply else { return nil }
            return entries(rows)
        }
    }
}

extension StreamCommand where Reply == Int {
    /// `XLEN key` → how many entries; 0 if there is no such stream.
    public static func length(of stream: String) -> StreamCommand {
        StreamCommand(["XLEN", stream], decode: count)
    }

    /// `XTRIM key …` → how many were removed. Ignores what is pending: an entry that is trimmed cannot be delivered.
    public static func trim(_ stream: String, _ trimming: Trimming) -> StreamCommand {
        let arguments: [any RESPArgument] = [stream] + trimming.arguments
        return StreamCommand(RESPCommand("XTRIM", arguments: arguments), decode: count)
    }
}

/// A count in a reply.
@Sendable func count(_ reply: RESPValue) -> Int? { reply.integer.map { Int(clamping: $0) } }

/// Rows of entries that are there; rows of deleted ones are left out.
func entries(_ rows: [RESPValue]) -> [StreamEntry]? {
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
