extension Redis {
    /// Entries behind the given positions of several streams, oldest first.
    ///
    /// ```swift
    /// let batches = try await redis.read(["orders": .after(last), "refunds": .latest], waiting: .upTo(.seconds(2)))
    /// ```
    /// `XREAD`; <https://redis.io/docs/latest/commands/xread/>. A position is exclusive. `.latest` means the end at the time
    /// of the call: without waiting it brings nothing.
    /// - Parameter count: at most so many of each stream; `defaultCount` unless given. Nothing is read for none.
    /// - Returns: the streams that have some; empty if none came in time.
    public func read(
        _ positions: KeyValuePairs<String, StreamPosition>, count: Int? = nil, waiting: Waiting = .no
    ) async throws(Failure) -> [StreamBatch] {
        try await read(positions.map { (StreamName($0.key), $0.value) }, count: count, waiting: waiting)
    }

    func read(
        _ positions: [(stream: StreamName, after: StreamPosition)], count: Int?, waiting: Waiting
    ) async throws(Failure) -> [StreamBatch] {
        let count = count ?? Self.defaultCount
        guard count > 0 else { return [] }
        // What is added between two portions of the wait would be missed behind "$".
        let positions = waiting == .no ? positions : try await resolved(positions)
        return try await wait(waiting) { .read(positions.map { ($0.stream.bytes, $0.after) }, count: count, block: $0) }
    }

    /// `.latest` as the id that it means now.
    func resolved(
        _ positions: [(stream: StreamName, after: StreamPosition)]
    ) async throws(Failure) -> [(stream: StreamName, after: StreamPosition)] {
        var resolved = positions
        for (index, position) in positions.enumerated() where position.after == .latest {
            resolved[index].after = .after(try await stream(position.stream).lastID())
        }
        return resolved
    }

    /// Repeats a read until it brings something or the time is over. The server waits in portions of a few seconds, for a
    /// wait without end would not notice that the server, or the way to it, is gone.
    func wait<Batch>(
        _ waiting: Waiting, _ command: (Duration?) -> StreamCommand<[Batch]>
    ) async throws(Failure) -> [Batch] {
        let end: ContinuousClock.Instant?
        switch waiting {
        case .no: return try await call(command(nil))
        case .upTo(let time):
            guard time > .zero else { return try await call(command(nil)) }
            end = .now + time
        case .forever: end = nil
        }
        while true {
            let left = end.map { $0 - .now } ?? Self.longestBlock
            guard left > .zero else { return [] }
            let block = min(left, Self.longestBlock)
            let batches = try await self.block(command(block), for: block)
            if !batches.isEmpty { return batches }
        }
    }

    /// How many entries of each stream a read brings at most, unless told otherwise: a stream may hold more than fits into memory.
    public static let defaultCount = 1000

    private static let longestBlock = Duration.seconds(5)
}
