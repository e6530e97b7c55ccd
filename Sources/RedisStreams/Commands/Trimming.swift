internal import FootbridgeRESP

/// How a stream is kept short. <https://redis.io/docs/latest/commands/xtrim/>
public struct Trimming: Sendable, Hashable {
    public enum Precision: Sendable, Hashable {
        /// Cheap: removes whole nodes of the server's only (100 entries by default), and never too much.
        case approximate
        case exact
    }

    enum Bound: Sendable, Hashable {
        case length(Int)
        case before(EntryID)
    }

    let bound: Bound
    let precision: Precision
    let limit: Int?
    let references: EntryReferences?

    /// Keeps the newest `count` entries.
    ///
    /// - Parameters:
    ///   - exact: to the entry; otherwise the server removes whole nodes (100 entries by default) only.
    ///   - limit: at most so many are removed at once, approximately; fewer than a node are none. The server has a limit of its own (100 nodes)
    ///     unless one is given; 0 is no limit. To be had with approximate trimming only.
    ///   - references: what becomes of entries that groups still refer to. Redis 8.2 and later.
    public static func length(
        _ count: Int, exact: Bool = false, limit: Int? = nil, references: EntryReferences? = nil
    ) -> Trimming {
        Trimming(bound: .length(count), precision: exact ? .exact : .approximate, limit: limit, references: references)
    }

    /// Removes entries with lower ids; for the parameters see `length`.
    public static func before(
        _ id: EntryID, exact: Bool = false, limit: Int? = nil, references: EntryReferences? = nil
    ) -> Trimming {
        Trimming(bound: .before(id), precision: exact ? .exact : .approximate, limit: limit, references: references)
    }
}

/// What becomes of an entry that is to be deleted while groups still refer to it: have it pending, or have yet to read it. Redis 8.2 and later.
public enum EntryReferences: String, Sendable, Hashable {
    /// The entry goes; what is pending stays so, without its fields. As servers without the option do it. (`KEEPREF`)
    case keep = "KEEPREF"
    /// The entry goes, and is pending nowhere any more. A consumer that is at work on it is not told. (`DELREF`)
    case delete = "DELREF"
    /// The entry stays unless all groups have read and acknowledged it. (`ACKED`)
    case onlyAcknowledged = "ACKED"
}

extension Trimming {
    var arguments: [any RESPArgument] {
        var arguments: [any RESPArgument] =
            switch bound {
            case .length(let count): ["MAXLEN", precision == .exact ? "=" : "~", count]
            case .before(let id): ["MINID", precision == .exact ? "=" : "~", id.argument]
            }
        if let limit { arguments += ["LIMIT", limit] as [any RESPArgument] }
        if let references { arguments.append(references.rawValue) }
        return arguments
    }

    /// What a server must be for this to be a part of a command.
    var needs: ServerNeed? { references.map { ServerNeed(option: $0.rawValue, redis: "8.2") } }
}
