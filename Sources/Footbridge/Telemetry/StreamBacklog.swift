internal import FootbridgeRESP
public import RedisStreams

/// A stream of a route.
public struct StreamPlace: Hashable, Sendable {
    public var route: String
    public var stream: String

    public init(route: String, stream: String) {
        self.route = route
        self.stream = stream
    }
}

/// What a group has still to settle of one stream, over all instances.
public struct StreamBacklog: Sendable, Equatable {
    /// Read by some consumer and not settled.
    public let pending: Int
    /// Not read yet; unknown after deletions in the middle of the stream and after some moves of the group.
    public let unread: Int?
    /// The oldest entry that is pending or unread.
    public let oldest: EntryID?
    /// Entries of the dead-letter stream; `nil` if there is none, or the user may not ask.
    public var deadLetters: Int?
    /// Entries that were replayed and are not settled yet; `nil` if none ever was.
    public var replays: Int?

    public init(pending: Int, unread: Int?, oldest: EntryID?, deadLetters: Int? = nil) {
        self.deadLetters = deadLetters
        self.pending = pending
        self.unread = unread
        self.oldest = oldest
    }

    /// How long ago that entry was added; zero if there is none, unknown if its id was not made from a clock.
    ///
    /// - Parameter now: milliseconds since 1970.
    public func oldestAge(now: Int64) -> Duration? {
        oldest.map { $0.age(now: now) } ?? .zero
    }
}

extension EntryID {
    /// Streams came to be in 2018; milliseconds since 1970.
    private static let earliestTime: Int64 = 1_514_764_800_000

    /// Whether it is a time, though it may be one to come: before the year 3000.
    package var looksLikeTime: Bool { (Self.earliestTime..<32_503_680_000_000).contains(Int64(clamping: milliseconds)) }

    /// The time since the server made this id. `nil` if it is none that a server makes: older than streams are (2018), or
    /// of a time to come.
    ///
    /// - Parameter now: milliseconds since 1970.
    public func age(now: Int64) -> Duration? { ageInMilliseconds(now: now).map { .milliseconds($0) } }

    /// The same as a number, for where every entry passes.
    func ageInMilliseconds(now: Int64) -> Int64? {
        let added = Int64(clamping: milliseconds)
        // Clocks of two machines may differ by a little.
        guard added >= Self.earliestTime, added <= now + 60_000 else { return nil }
        return max(0, now - added)
    }
}

extension StreamBacklog {
    /// Asks for it in one step. The oldest unread entry is looked up by a script, for its body need not come along.
    static func command(stream: String, group: String) -> RESPCommand {
        RESPCommand("EVAL", arguments: [script, 1, stream, group])
    }

    private static let script = """
        \(ScriptFunction.row)
        local group = row(redis.call('XINFO', 'GROUPS', KEYS[1]), ARGV[1])
        if not group then return false end
        -- Nothing can be behind the highest id that there is: to ask is an error.
        local from = '(' .. group['last-delivered-id']
        local unread = redis.pcall('XRANGE', KEYS[1], from, '+', 'COUNT', 1)[1]
        local oldest = redis.call('XPENDING', KEYS[1], ARGV[1])[2]
        -- After the group was moved back, what is unread may be older. A range that is upside down is empty.
        if unread and (not oldest or #redis.call('XRANGE', KEYS[1], unread[1], oldest, 'COUNT', 1) == 1) then
          oldest = unread[1]
        end
        -- A replica of 7.0 that became the master may say that the group lags by what it has read long since.
        if not unread then group.lag = 0 end
        return {group.pending, group.lag or false, oldest or false}
        """

    /// `[pending, lag or null, id or null]`, or null if there is no such group.
    init?(reply: RESPValue) {
        guard let parts = reply.elements, parts.count == 3, let pending = parts[0].integer else { return nil }
        self.init(
            pending: Int(clamping: pending), unread: parts[1].integer.map { max(0, Int(clamping: $0)) },
            oldest: parts[2].bytes.flatMap(EntryID.init(bytes:)))
    }
}
