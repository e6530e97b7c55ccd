#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What the commands can do beyond the usual.
extension Redis.Stream {
    /// Adds an entry only if the stream exists; otherwise creates nothing and returns `nil`. `XADD key NOMKSTREAM`
    @discardableResult
    public func addIfExists(
        _ fields: EntryFields, id: EntryID? = nil, trimming: Trimming? = nil
    ) async throws(Redis.Failure) -> EntryID? {
        try await redis.call(.addIfExists(fields, to: name.bytes, id: id, trimming: trimming))
    }

    /// Deletes entries; `references` says what happens to those that groups still refer to. Returns the result for each id, in the
    /// same order.
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

    /// A snapshot of the stream with its groups, their consumers and what is pending. `XINFO STREAM … FULL`
    ///
    /// - Parameter count: the most entries to list, and the most pending ones of each group and of each consumer; 0 lists all.
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
