package import FootbridgeRESP

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What `XCLAIM` writes into the entries that it takes over, besides the new owner. <https://redis.io/docs/latest/commands/xclaim/>
///
/// (`LASTID` is left out: it moves the whole group past entries that nobody has read.)
public struct ClaimOptions: Sendable, Hashable {
    /// When the entries count as last delivered.
    public enum LastDelivery: Sendable, Hashable {
        case now
        /// This long ago; a negative duration means now. (`IDLE`)
        case ago(Duration)
        /// At this time by the server's clock; a time in the future means now. (`TIME`)
        case at(Date)
    }

    public var lastDelivery: LastDelivery
    /// How often the entries count as delivered; one more than before unless set. A negative number means zero. (`RETRYCOUNT`)
    public var deliveryCount: Int?
    /// Also takes entries that are not pending, if they are in the stream. One that the group has yet to read will still be read, and
    /// then belongs to its reader. (`FORCE`)
    public var includesNotPending: Bool

    public init(lastDelivery: LastDelivery = .now, deliveryCount: Int? = nil, includesNotPending: Bool = false) {
        self.lastDelivery = lastDelivery
        self.deliveryCount = deliveryCount
        self.includesNotPending = includesNotPending
    }
}

extension ClaimOptions {
    fileprivate var arguments: [any RESPArgument] {
        var arguments: [any RESPArgument] = []
        switch lastDelivery {
        case .now: break
        // Far too long ago comes out as now at the server; forty years is before any entry.
        case .ago(let time): arguments += ["IDLE", min(time.milliseconds, 1_262_304_000_000)] as [any RESPArgument]
        case .at(let date): arguments += ["TIME", Int64(clamping: EntryID(date).milliseconds)] as [any RESPArgument]
        }
        // The highest count would become the lowest at the next delivery.
        if let deliveryCount {
            arguments += ["RETRYCOUNT", min(max(0, deliveryCount), 1 << 53)] as [any RESPArgument]
        }
        if includesNotPending { arguments.append("FORCE") }
        return arguments
    }
}

extension StreamCommand where Reply == [StreamEntry] {
    /// Takes pending entries over, whoever has them, and reads them. Raises their delivery count by one.
    ///
    /// `XCLAIM key group consumer min-idle id … [options]` → entries. Ids that are not pending are left out; so are entries that
    /// are no longer in the stream, which lose their place among the pending, too (7.0 and later).
    package static func claim(
        _ ids: [EntryID], stream: some RESPArgument, group: String, consumer: String, minimumIdle: Duration = .zero,
        _ options: ClaimOptions = ClaimOptions()
    ) -> StreamCommand {
        let command = xclaim(ids, stream, group, consumer, minimumIdle, options.arguments)
        return StreamCommand(command) { reply in
            guard case .array(let rows) = reply else { return nil }
            return entries(rows)
        }
    }
}

extension StreamCommand where Reply == [EntryID] {
    /// The same without reading the entries, and without raising their delivery counts: `XCLAIM … JUSTID` → ids.
    package static func claimIDs(
        _ ids: [EntryID], stream: some RESPArgument, group: String, consumer: String, minimumIdle: Duration = .zero,
        _ options: ClaimOptions = ClaimOptions()
    ) -> StreamCommand {
        StreamCommand(
            xclaim(ids, stream, group, consumer, minimumIdle, options.arguments + ["JUSTID"]), decode: entryIDs)
    }
}

private func xclaim(
    _ ids: [EntryID], _ stream: some RESPArgument, _ group: String, _ consumer: String, _ minimumIdle: Duration,
    _ options: [any RESPArgument]
) -> RESPCommand {
    let arguments: [any RESPArgument] = [stream, group, consumer, minimumIdle.milliseconds] + ids.arguments
    return RESPCommand("XCLAIM", arguments: arguments + options)
}
