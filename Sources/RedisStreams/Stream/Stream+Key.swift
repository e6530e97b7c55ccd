#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The stream as a key of the database.
extension Redis.Stream {
    /// Whether there is such a stream, be it empty; `false` also if the key holds something else. `TYPE`
    public var exists: Bool {
        get async throws(Redis.Failure) { try await redis.call(.type(of: name.bytes)) == "stream" }
    }

    /// Removes all entries; the groups stay, and ids go on from where they were. Returns how many were removed.
    ///
    /// `XTRIM key MAXLEN = 0`. What is pending stays so, without its fields. See `remove` for taking away the stream itself.
    @discardableResult
    public func clear() async throws(Redis.Failure) -> Int { try await trim(to: 0, .exact) }

    /// Removes the stream with all its entries and groups. Returns whether there was one, or anything else, under its name. `UNLINK`
    @discardableResult
    public func remove() async throws(Redis.Failure) -> Bool { try await redis.call(.remove(name.bytes)) }

    /// Has the server remove the stream, with its groups, when so much time is over; at once if there is none left. Returns
    /// whether there is a stream.
    ///
    /// `PEXPIRE`; <https://redis.io/docs/latest/commands/pexpire/>. Whole milliseconds. Adding entries does not put it off.
    @discardableResult
    public func expire(after time: Duration) async throws(Redis.Failure) -> Bool {
        try await redis.call(.expire(name.bytes, after: time))
    }

    /// Has the server remove the stream, with its groups, at a time of its clock; at once if it is over. Returns whether there
    /// is a stream. `PEXPIREAT`
    @discardableResult
    public func expire(at date: Date) async throws(Redis.Failure) -> Bool {
        try await redis.call(.expire(name.bytes, atMilliseconds: EntryID(date).milliseconds))
    }

    /// Takes an `expire` back. Returns whether there was one. `PERSIST`
    @discardableResult
    public func persist() async throws(Redis.Failure) -> Bool { try await redis.call(.persist(name.bytes)) }

    /// How long until the stream expires; `nil` if it does not, or there is none. `PTTL`
    public var timeToLive: Duration? {
        get async throws(Redis.Failure) { try await redis.call(.timeToLive(of: name.bytes)) }
    }
}
