internal import FootbridgeRESP
public import FootbridgeRedis
internal import RedisStreams

/// Where every entry that was ever added to a stream stands, as seen by one group: unread, pending, settled, or gone. From Redis
/// alone.
public struct StreamAccount: Sendable, Equatable {
    /// Entries that were ever added.
    public var added: Int
    /// Of them, those that the group has passed; `nil` where Redis does not know, after deletions in the middle or a group that
    /// was moved. Those before the group's beginning are among them.
    public var read: Int?
    /// Behind the group, and in the stream.
    public var unread: Int
    public var pending: Int
    /// Pending, and not in the stream any more.
    public var pendingGone: Int

    public init(added: Int, read: Int?, unread: Int, pending: Int, pendingGone: Int) {
        self.added = added
        self.read = read
        self.unread = unread
        self.pending = pending
        self.pendingGone = pendingGone
    }

    /// Acknowledged: delivered, filtered, buried, or passed over when the group began.
    public var settled: Int? { read.map { max(0, $0 - pending) } }

    /// They left the stream before the group had read them.
    public var unreadGone: Int? { read.map { max(0, added - $0 - unread) } }

    public enum Verdict: Sendable, Equatable {
        /// Each entry is settled, pending or unread, and those that are not settled are in the stream.
        case closes
        case doesNotClose
        /// Redis does not know how many the group has read.
        case unknown
    }

    public var verdict: Verdict {
        if pendingGone > 0 { return .doesNotClose }
        guard let read, let unreadGone else { return .unknown }
        return unreadGone == 0 && read <= added ? .closes : .doesNotClose
    }
}

extension StreamAccount {
    /// Reads only. A bridge may work meanwhile: what it settles counts where it stood when the account was begun.
    ///
    /// - Returns: `nil` if there is no such stream or group.
    public static func of(
        _ stream: String, group: String, _ client: RedisClient
    ) async throws(RedisError) -> StreamAccount? {
        let start: AccountStart
        do throws(RedisError) {
            start = try await client.call(.accountStart(stream: stream, group: group))
        } catch {
            let message = error.serverError?.message ?? ""
            if error.serverError?.kind == .noGroup || message.hasPrefix("no such key") { return nil }
            throw error
        }
        var account = StreamAccount(
            added: start.added, read: start.read, unread: 0, pending: start.pending, pendingGone: 0)
        var after: EntryBound? = .excluded(start.lastDelivered)
        while let from = after {
            let page = try await client.call(.countEntries(of: stream, from: from, to: start.lastID))
            account.unread += page.count
            after = page.last.map { .excluded($0) }
        }
        after = .open
        while let from = after {
            let page = try await client.call(.countGone(from: from, stream: stream, group: group))
            account.pendingGone += page.count
            after = page.last.map { .excluded($0) }
        }
        return account
    }
}

/// What one look tells without counting.
private struct AccountStart: Sendable {
    var added: Int
    var read: Int?
    var pending: Int
    var lastDelivered: EntryID
    var lastID: EntryID
}

/// How many a page has; `last` is where the next one begins, `nil` at the end.
private struct AccountPage: Sendable {
    var count: Int
    var last: EntryID?

    init?(_ reply: RESPValue) {
        guard let parts = reply.elements, parts.count == 2, let count = parts[0].integer else { return nil }
        (self.count, last) = (Int(clamping: count), parts[1].bytes.flatMap(EntryID.init(bytes:)))
    }
}

extension StreamCommand where Reply == AccountStart {
    fileprivate static func accountStart(stream: String, group: String) -> StreamCommand {
        script(
            """
            \(ScriptFunction.row)
            local stream = named(redis.call('XINFO', 'STREAM', KEYS[1]))
            local group = row(redis.call('XINFO', 'GROUPS', KEYS[1]), ARGV[1])
            if not group then return redis.error_reply('NOGROUP no such group') end
            return {stream['entries-added'], group['entries-read'] or false, group.pending, group['last-delivered-id'],
              stream['last-generated-id']}
            """, stream, [group]
        ) { reply in
            guard let parts = reply.elements, parts.count == 5, let added = parts[0].integer,
                let pending = parts[2].integer, let delivered = parts[3].bytes.flatMap(EntryID.init(bytes:)),
                let last = parts[4].bytes.flatMap(EntryID.init(bytes:))
            else { return nil }
            return AccountStart(
                added: Int(clamping: added), read: parts[1].integer.map(Int.init(clamping:)),
                pending: Int(clamping: pending), lastDelivered: delivered, lastID: last)
        }
    }
}

extension StreamCommand where Reply == AccountPage {
    /// Counts where they are: bodies do not come along.
    fileprivate static func countEntries(of stream: String, from: EntryBound, to: EntryID) -> StreamCommand {
        script(
            """
            local entries = redis.pcall('XRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', 500)
            if entries.err then return {0, false} end
            return {#entries, #entries == 500 and entries[500][1] or false}
            """, stream, [from.argument("-"), to], decode: AccountPage.init)
    }

    /// Pending entries that are not in the stream any more.
    fileprivate static func countGone(from: EntryBound, stream: String, group: String) -> StreamCommand {
        script(
            """
            local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], '+', 200)
            local gone = 0
            for _, one in ipairs(pending) do
              if #redis.call('XRANGE', KEYS[1], one[1], one[1]) == 0 then gone = gone + 1 end
            end
            return {gone, #pending == 200 and pending[200][1] or false}
            """, stream, [group, from.argument("-")], decode: AccountPage.init)
    }
}
