/// Entries as they are added to one or several streams, without end.
public struct StreamTail: AsyncSequence, Sendable {
    public typealias Element = Message
    public typealias Failure = Redis.Failure

    let redis: Redis
    let positions: [(stream: StreamName, after: StreamPosition)]

    public func makeAsyncIterator() -> Iterator { Iterator(redis: redis, positions: positions) }

    /// Reads portions, each behind the last.
    public struct Iterator: AsyncIteratorProtocol {
        let redis: Redis
        var positions: [(stream: StreamName, after: StreamPosition)]
        private var buffer: ArraySlice<Message> = []
        private var isResolved = false
        private var patience = Patience()

        init(redis: Redis, positions: [(stream: StreamName, after: StreamPosition)]) {
            self.redis = redis
            self.positions = positions
        }

        /// Waits for the next entry; never `nil`.
        ///
        /// - Throws: what does not pass by itself, such as wrong credentials; `cancelled`; `closed`.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(Redis.Failure) -> Message? {
            while buffer.isEmpty {
                do {
                    if !isResolved { positions = try await redis.resolved(positions) }
                    isResolved = true
                    take(try await redis.read(positions, count: 100, waiting: .forever))
                    patience = Patience()
                } catch {
                    guard error.isTransient else { throw error }
                    try await patience.wait()
                }
            }
            return buffer.popFirst()
        }

        private mutating func take(_ batches: [StreamBatch]) {
            for batch in batches {
                guard let last = batch.entries.last,
                    let index = positions.firstIndex(where: { $0.stream == batch.name })
                else { continue }
                positions[index].after = .after(last.id)
            }
            buffer = batches.messages[...]
        }
    }
}

/// The pauses of a loop that outlives its server's troubles: 100 ms, doubled up to 2 s.
struct Patience {
    private var pause = Duration.milliseconds(100)

    mutating func wait() async throws(Redis.Failure) {
        do {
            try await Task.sleep(for: pause)
        } catch {
            throw Redis.Failure(.cancelled)
        }
        pause = min(pause * 2, .seconds(2))
    }
}
