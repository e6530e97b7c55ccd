#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What the commands can do beyond the usual.
extension Redis.Stream {
    /// Adds an entry if there is a stream; `nil` if there is none, and none is made. `XADD key NOMKSTREAM`
    @discardableResult
    public func addIfExists(
        _ fields: EntryFields, id: EntryID? = nil, trimming: Trimming? = nil
    ) async throws(Redis.Failure) -> EntryID? {
        try await redis.call(.addIfExists(fields, to: name.bytes, id: id, trimming: trimming))
    }

    /// Deletes entries, and says what becomes of those that groups still refer to. Returns what came of each, in their order.
    ///
    /// `XDELEX`, Redis 8.2; <https://redis.io/docs/latest/commands/xdelex/>
    /// - Throws: `unsupported` on other servers.
    @discardableResult
    public func delete(_ ids: [EntryID], references: EntryReferences) async throws(Redis.Failure) -> [EntryDeletion] {
        ids.isEmpty ? [] : try await redis.call(.delete(ids, from: name.bytes, references: references))
    }

    /// Keeps the stream short; returns how many entries were removed. `XTRIM`; <https://redis.io/docs/latest/commands/xtrim/>
    @discardableResult
    public func trim(_ trimming: Trimming) async throws(Redis.Failure) -> Int {
        try await redis.call(.trim(name.bytes, trimming))
    }

    /// The stream with its groups, their consumers, and what is pending, at one moment. `XINFO STREAM … FULL`
    ///
    /// - Parameter count: at most so many entries, and pending ones of each group and each consumer; 0 is all.
    /// - Throws: `noStream` if there is no such stream.
    public func fullInfo(count: Int = 10) async throws(Redis.Failure) -> FullStreamInfo {
        try await redis.call(.fullInfo(name.bytes, count: count))
    }
}

extension Redis.Stream {
    /// Adds an entry whose fields are in the order of their names; see `add(_:id:trimming:)`. (A literal keeps its own order.)
    @discardableResult
    @_disfavoredOverload
    public func add(
        _ fields: [String: some RedisArgument], id: EntryID? = nil, trimming: Trimming? = nil
    ) async throws(Redis.Failure) -> EntryID {
        try await add(EntryFields(fields), id: id, trimming: trimming)
    }

    /// Adds an entry whose fields are in the order of their names; see `add(_:at:trimming:)`. (A literal keeps its own order.)
    @discardableResult
    @_disfavoredOverload
    public func add(
        _ fields: [String: some RedisArgument], at date: Date, trimming: Trimming? = nil
    ) async throws(Redis.Failure) -> EntryID {
        try await add(EntryFields(fields), at: date, trimming: trimming)
    }
}

extension GroupStream {
    /// Adds an entry whose fields are in the order of their names; see `Stream.add(_:id:trimming:)`.
    @discardableResult
    @_disfavoredOverload
    public func add(
        _ fields: [String: some RedisArgument], id: EntryID? = nil, trimming: Trimming? = nil
    ) async throws(Redis.Failure) -> EntryID {
        try await stream.add(EntryFields(fields), id: id, trimming: trimming)
    }

    /// Adds an entry whose fields are in the order of their names; see `Stream.add(_:at:trimming:)`.
    @discardableResult
    @_disfavoredOverload
    public func add(
        _ fields: [String: some RedisArgument], at date: Date, trimming: Trimming? = nil
    ) async throws(Redis.Failure) -> EntryID {
        try await stream.add(EntryFields(fields), at: date, trimming: trimming)
    }
}
