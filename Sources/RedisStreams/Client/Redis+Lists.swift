extension Redis {
    /// `read` for streams that are known at run time only; each of them once.
    public func read(
        after positions: [(stream: String, after: StreamPosition)], count: Int? = nil, waiting: Waiting = .no
    ) async throws -> [StreamBatch] {
        try await read(positions, count: count, waiting: waiting)
    }

    /// `tail` for streams that are known at run time only; each of them once.
    public func tail(after positions: [(stream: String, after: StreamPosition)]) -> StreamTail {
        StreamTail(redis: self, positions: positions)
    }
}
