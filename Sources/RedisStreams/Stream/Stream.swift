#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Redis {
    /// A stream: entries in the order of their ids, added at the end. <https://redis.io/docs/latest/develop/data-types/streams/>
    ///
    /// A handle, made by `redis.stream(_:)`; free to make, copy and pass on.
    public struct Stream: Sendable {
        /// The name of the stream in Redis.
        public let name: StreamName
        let redis: Redis
    }
}

extension Redis.Stream {
    /// The name of the stream in Redis, as text.
    public var key: String { name.description }

    /// Adds an entry and returns its id, which the server makes unless one is given.
    ///
    /// `XADD`; <https://redis.io/docs/latest/commands/xadd/>. After `connectionLost` the entry may be there or not; with an `id`
    /// of your own you can find out.
    /// - Parameters:
    ///   - fields: at least one.
    ///   - id: higher than every id that the stream has had; otherwise the call throws `idTooLow`.
    ///   - trimming: keeps the stream short in the same step.
    @discardableResult
    public func add(_ fields: EntryFields, id: EntryID? = nil, trimming: Trimming? = nil) async throws(Redis.Failure)
        -> EntryID
    {
        try await redis.call(.add(fields, to: name.bytes, id: id, trimming: trimming))
    }

    /// Adds an entry whose id is made from a date, to the millisecond. The server numbers entries of the same millisecond (7.0 and
    /// later).
    ///
    /// - Throws: `idTooLow` if the stream has a later entry.
    @discardableResult
    public func add(_ fields: EntryFields, at date: Date, trimming: Trimming? = nil) async throws(Redis.Failure)
        -> EntryID
    {
        try await redis.call(
            .add(fields, to: name.bytes, milliseconds: EntryID(date).milliseconds, trimming: trimming))
    }

    /// How many entries there are; 0 if there is no such stream. `XLEN`
    public var count: Int { get async throws(Redis.Failure) { try await redis.call(.length(of: name.bytes)) } }

    /// Whether there is an entry with this id.
    public func contains(_ id: EntryID) async throws(Redis.Failure) -> Bool { try await self[id] != nil }

    /// Deletes entries; returns how many of them existed. `XDEL`; <https://redis.io/docs/latest/commands/xdel/>
    ///
    /// An entry that is pending in a group stays pending, without its fields.
    @discardableResult
    public func delete(_ ids: EntryID...) async throws(Redis.Failure) -> Int { try await delete(ids) }

    /// Deletes entries; returns how many of them existed.
    @discardableResult
    public func delete(_ ids: [EntryID]) async throws(Redis.Failure) -> Int {
        ids.isEmpty ? 0 : try await redis.call(.delete(ids, from: name.bytes))
    }

    /// Keeps the newest entries and removes the others; returns how many were removed.
    ///
    /// `XTRIM key MAXLEN`; <https://redis.io/docs/latest/commands/xtrim/>. `.approximate` removes only whole
    /// nodes (100 entries by default), and never too many. Pending entries are removed like any others.
    @discardableResult
    public func trim(to count: Int, _ precision: Trimming.Precision = .approximate) async throws(Redis.Failure) -> Int {
        try await redis.call(.trim(name.bytes, .length(count, exact: precision == .exact)))
    }

    /// Removes entries before an id or a time; returns how many. `XTRIM key MINID`
    @discardableResult
    public func trim(
        before point: some EntryPoint, _ precision: Trimming.Precision = .approximate
    ) async throws(Redis.Failure) -> Int {
        try await redis.call(.trim(name.bytes, .before(point.lowestID, exact: precision == .exact)))
    }

    /// Length, ids and groups. `XINFO STREAM`
    /// - Throws: `noStream` if there is no such stream.
    public func info() async throws(Redis.Failure) -> StreamInfo { try await redis.call(.info(name.bytes)) }

    /// The groups of this stream. `XINFO GROUPS`
    /// - Throws: `noStream` if there is no such stream.
    public func groups() async throws(Redis.Failure) -> [GroupInfo] { try await redis.call(.groups(of: name.bytes)) }

    /// Sets the highest id that the stream counts as used: the next one that the server makes is higher. `XSETID`
    /// - Throws: `noStream`; `other` if there is an entry with a higher id.
    public func setID(_ id: EntryID) async throws(Redis.Failure) { try await redis.call(.setID(id, of: name.bytes)) }

    /// The highest id that the stream has had; zero if there is no such stream.
    func lastID() async throws(Redis.Failure) -> EntryID {
        do {
            return try await info().lastID
        } catch {
            guard error.kind == .noStream else { throw error }
            return .zero
        }
    }
}
