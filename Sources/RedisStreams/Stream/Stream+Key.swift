#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The stream as a key of the database.
extension Redis.Stream {
    /// Whether there is such a stream, even an empty one; also `false` if the key holds something else. `TYPE`
    public var exists: Bool {
        get async throws(Redis.Failure) { try await redis.call(.type(of: name.bytes)) == "stream" }
    }

    /// Removes all entries; the groups stay, and ids continue from where they were. Returns how many were removed.
    ///
    /// `XTRIM key MAXLEN = 0`. Pending entries stay pending, without their fields. To delete the stream itself, see `remove`.
    @discardableResult
    public func clear() async throws(Redis.Failure) -> Int { try await trim(to: 0, .exact) }

    /// Removes the stream with all its entries and groups. Returns whether the key existed, whatever it held. `UNLINK`
    @discardableResult
    public func remove() async throws(Redis.Failure) -> Bool { try await redis.call(.remove(name.bytes)) }

    /// Has the server remove the stream and its groups after this time; at once if it is zero or negative. Returns whether there
    /// is such a stream.
    ///
    /// `PEXPIRE`; <https://redis.io/docs/latest/commands/pexpire/>. To the millisecond. Adding entries does not postpone it.
    @discardableResult
    public func expire(after time: Duration) async throws(Redis.Failure) -> Bool {
        try await redis.call(.expire(name.bytes, after: time))
    }

    /// Has the server remove the stream and its groups at this time by its clock; at once if it has passed. Returns whether there
    /// is such a stream. `PEXPIREAT`
    @discardableResult
    public func expire(at date: Date) async throws(Redis.Failure) -> Bool {
        try await redis.call(.expire(name.bytes, atMilliseconds: EntryID(date).milliseconds))
    }

    /// Cancels an `expire`. Returns whether there was one. `PERSIST`
    @discardableResult
    public func persist() async throws(Redis.Failure) -> Bool { try await redis.call(.persist(name.bytes)) }

    /// How long until the stream expires; `nil` if it does not, or if there is no such stream. `PTTL`
    public var timeToLive: Duration? {
        get async throws(Redis.Failure) { try await redis.call(.timeToLive(of: name.bytes)) }
    }
}
