/// What a consumer has to work through, without end; made by `ConsumerGroup.entries`.
public struct GroupEntries: AsyncSequence, Sendable {
    public typealias Element = Message
    public typealias Failure = Redis.Failure

    let group: ConsumerGroup
    let options: GroupReader.Options

    public func makeAsyncIterator() -> Iterator { Iterator(worker: GroupWorker(group, options)) }

    /// Asking for the next message acknowledges the one before.
    public struct Iterator: AsyncIteratorProtocol {
        let worker: GroupWorker

        /// Waits for the next message; never `nil`.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(Redis.Failure) -> Message? { try await worker.next() }
    }
}

/// What a consumer has to work through, in portions and without end; made by `ConsumerGroup.batches`.
public struct GroupBatches: AsyncSequence, Sendable {
    public typealias Element = [Message]
    public typealias Failure = Redis.Failure

    let group: ConsumerGroup
    let options: GroupReader.Options

    public func makeAsyncIterator() -> Iterator { Iterator(reader: GroupReader(group, options)) }

    public struct Iterator: AsyncIteratorProtocol {
        let reader: GroupReader

        /// Waits for the next portion; never `nil`, and never empty.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(Redis.Failure) -> [Message]? {
            while true {
                do {
                    return try await reader.next {}
                } catch {
                    guard error.isTransient else { throw error }
                    try await reader.recover()
                }
            }
        }
    }
}

extension ConsumerGroup {
    /// A worker's loop: messages for this consumer, without end, each acknowledged when the loop comes back for the next.
    ///
    /// ```swift
    /// for try await message in group.entries(abandonedAfter: .seconds(60)) {
    ///     try await handle(message)
    /// }
    /// ```
    /// First comes what is pending for this consumer from an earlier time, then what is new. If `handle` throws, or the loop
    /// is left by `break` or cancellation, the message at hand is *not* acknowledged: it stays pending, and comes again when
    /// the loop is begun anew, or to a consumer that claims it. So every message is handled at least once.
    ///
    /// Acknowledgements of messages that are handled within a few milliseconds are sent together, at most 100, and at the
    /// latest before the loop waits; after a crash, those come again, too.
    ///
    /// Lost connections and a server that is away for a while are waited for. What is pending and no longer in the stream
    /// is passed over, and stays pending.
    /// - Parameters:
    ///   - count: how many are read at once, of each stream.
    ///   - prefetch: how many such portions are asked for ahead while there is more, so that handling and reading go on at the
    ///     same time; 2 keep the server busy. Until they are handled they are pending for this consumer.
    ///   - abandonedAfter: takes over what has been pending for so long with any consumer of the group. To be longer than the
    ///     handling of all that is read, or two consumers handle the same; `nil` leaves it to others. What is no longer in
    ///     the stream is then no longer pending either.
    /// - Throws: what does not pass by itself: `noGroup` if the group is missing in one of the streams, `notAllowed` …;
    ///   `cancelled`; `closed`.
    public func entries(count: Int = 100, prefetch: Int = 0, abandonedAfter: Duration? = nil) -> GroupEntries {
        GroupEntries(group: self, options: .init(count, prefetch, abandonedAfter))
    }

    /// The same in portions, for what is better handled together, such as rows for a database. *You* acknowledge:
    ///
    /// ```swift
    /// for try await messages in group.batches(count: 500) {
    ///     try await insert(messages)
    ///     try await group.acknowledge(messages)
    /// }
    /// ```
    /// What is not acknowledged stays pending, and comes again when a loop is begun anew, or when a connection was lost: then
    /// the loop reads once more all that is pending for this consumer.
    public func batches(count: Int = 100, prefetch: Int = 0, abandonedAfter: Duration? = nil) -> GroupBatches {
        GroupBatches(group: self, options: .init(count, prefetch, abandonedAfter))
    }
}
