package import FootbridgeRESP

/// The result of deleting an entry.
public enum EntryDeletion: Int64, Sendable, Hashable {
    /// It is gone; `acknowledgeAndDelete` has acknowledged it first.
    case deleted = 1
    /// There is no such entry; for `acknowledgeAndDelete`: it is not pending in the group, and nothing was done.
    case notFound = -1
    /// It stays because groups still refer to it (`EntryReferences.onlyAcknowledged`). `acknowledgeAndDelete` has acknowledged it.
    ///
    /// `delete` also returns this for an id higher than a group has read, whether there is such an entry or not (seen on Redis
    /// 8.2.3).
    case stillReferenced = 2
}

extension StreamCommand where Reply == [EntryDeletion] {
    /// `XDELEX key KEEPREF|DELREF|ACKED IDS n id …` → for each id 1, -1 or 2. Redis 8.2.
    /// <https://redis.io/docs/latest/commands/xdelex/>
    package static func delete(_ ids: [EntryID], from stream: some RESPArgument, references: EntryReferences)
        -> StreamCommand
    {
        let arguments: [any RESPArgument] = [stream, references.rawValue, "IDS", ids.count] + ids.arguments
        return StreamCommand(
            RESPCommand("XDELEX", arguments: arguments), needs: ServerNeed(redis: "8.2"), decode: deletions)
    }

    /// `XACKDEL key group KEEPREF|DELREF|ACKED IDS n id …` → for each id 1, -1 or 2. Redis 8.2.
    /// <https://redis.io/docs/latest/commands/xackdel/>
    package static func acknowledgeAndDelete(
        _ ids: [EntryID], stream: some RESPArgument, group: String, references: EntryReferences
    ) -> StreamCommand {
        let arguments: [any RESPArgument] = [stream, group, references.rawValue, "IDS", ids.count] + ids.arguments
        return StreamCommand(
            RESPCommand("XACKDEL", arguments: arguments), needs: ServerNeed(redis: "8.2"), decode: deletions)
    }
}

@Sendable private func deletions(_ reply: RESPValue) -> [EntryDeletion]? {
    guard let elements = reply.elements else { return nil }
    let results = elements.compactMap { $0.integer.flatMap(EntryDeletion.init(rawValue:)) }
    return results.count == elements.count ? results : nil
}
