internal import FootbridgeRESP

/// How a stream is kept short. <https://redis.io/docs/latest/commands/xtrim/>
public struct Trimming: Sendable, Hashable {
    public enum Precision: Sendable, Hashable {
        /// Cheap: removes only whole nodes (100 entries by default), and never too many entries.
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
    ///   - exact: to the entry; otherwise the server removes only whole nodes (100 entries by default).
    ///   - limit: about how many entries are removed at most; less than a node removes none. By default the limit is the server's own
    ///     (100 nodes); 0 means no limit. Only for approximate trimming.
    ///   - references: what happens to entries that groups still refer to. Redis 8.2 and later.
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

/// What happens to an entry that is to be deleted while groups still refer to it: it is pending in them, or they have yet to read
/// it. Redis 8.2 and later.
public enum EntryReferences: String, Sendable, Hashable {
    /// The entry is deleted; where it is pending it stays so, without its fields. Servers without the option do this. (`KEEPREF`)
    case keep = "KEEPREF"
    /// The entry is deleted and no longer pending anywhere. A consumer that is working on it is not told. (`DELREF`)
    case delete = "DELREF"
    /// The entry is deleted only if all groups have read and acknowledged it. (`ACKED`)
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
