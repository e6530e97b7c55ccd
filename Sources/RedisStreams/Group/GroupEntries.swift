/// The messages that a consumer works through, without end; made by `ConsumerGroup.entries`.
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

/// The messages that a consumer works through, in batches and without end; made by `ConsumerGroup.batches`.
public struct GroupBatches: AsyncSequence, Sendable {
    public typealias Element = [Message]
    public typealias Failure = Redis.Failure

    let group: ConsumerGroup
    let options: GroupReader.Options

    public func makeAsyncIterator() -> Iterator { Iterator(reader: GroupReader(group, options)) }

    public struct Iterator: AsyncIteratorProtocol {
        let reader: GroupReader

        /// Waits for the next batch; never `nil`, and never empty.
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
    /// First comes what is still pending for this consumer from earlier, then what is new. If `handle` throws, or the loop is
    /// left by `break` or cancellation, the current message is *not* acknowledged: it stays pending, and comes again when a new
    /// loop begins, or to a consumer that claims it. So every message is handled at least once.
    ///
    /// Acknowledgements of messages that are handled within a few milliseconds are sent together, at most 100 at a time, and 5 ms
    /// after the first at the latest; after a crash, messages whose acknowledgement was not sent come again, too.
    ///
    /// Give each process a consumer of its own, `group.consumer("name")`: two loops of one consumer handle the same messages.
    ///
    /// The loop waits through lost connections and outages of the server. It skips what is pending but no longer in the stream;
    /// that stays pending.
    /// - Parameters:
    ///   - count: how many are read at once, of each stream.
    ///   - prefetch: how many such batches are requested in advance while there is more, so that handling and reading overlap;
    ///     2 keep the server busy. Until they are handled, they are pending for this consumer.
    ///   - abandonedAfter: takes over what has been pending for this long for any consumer of the group. Make it longer than
    ///     handling everything that is read takes, or two consumers may handle the same message. `nil` takes over nothing. What
    ///     is no longer in the stream is then no longer pending either.
    /// - Throws: what does not pass by itself: `noGroup` if the group is missing in one of the streams, `notAllowed` …;
    ///   `cancelled`; `closed`.
    public func entries(count: Int = 100, prefetch: Int = 0, abandonedAfter: Duration? = nil) -> GroupEntries {
        GroupEntries(group: self, options: .init(count, prefetch, abandonedAfter))
    }

    /// The same in batches, for messages that are better handled together, such as rows for a database. *You* acknowledge:
    ///
    /// ```swift
    /// for try await messages in group.batches(count: 500) {
    ///     try await insert(messages)
    ///     try await group.acknowledge(messages)
    /// }
    /// ```
    /// What is not acknowledged stays pending, and comes again when a new loop begins, or after a lost connection: then the loop
    /// reads everything that is pending for this consumer once more.
    public func batches(count: Int = 100, prefetch: Int = 0, abandonedAfter: Duration? = nil) -> GroupBatches {
        GroupBatches(group: self, options: .init(count, prefetch, abandonedAfter))
    }
}
