extension Redis {
    /// `read` for streams that are known at run time only; each of them once.
    public func read(
        after positions: [(stream: String, after: StreamPosition)], count: Int? = nil, waiting: Waiting = .no
    ) async throws(Failure) -> [StreamBatch] {
        try await read(positions.named, count: count, waiting: waiting)
    }

    /// `read` for streams whose keys need not be text; each of them once.
    public func read(
        after positions: [(stream: StreamName, after: StreamPosition)], count: Int? = nil, waiting: Waiting = .no
    ) async throws(Failure) -> [StreamBatch] {
        try await read(positions, count: count, waiting: waiting)
    }

    /// `tail` for streams that are known at run time only; each of them once.
    public func tail(after positions: [(stream: String, after: StreamPosition)]) -> StreamTail {
        StreamTail(redis: self, positions: positions.named)
    }

    /// `tail` for streams whose keys need not be text; each of them once.
    public func tail(after positions: [(stream: StreamName, after: StreamPosition)]) -> StreamTail {
        StreamTail(redis: self, positions: positions)
    }
}

extension [(stream: String, after: StreamPosition)] {
    fileprivate var named: [(stream: StreamName, after: StreamPosition)] { map { (StreamName($0.stream), $0.after) } }
}
