/// How `ConsumerGroup.process` works.
///
/// ```swift
/// try await group.process(ProcessOptions(concurrency: 8, attempts: 5)) { message in … }
/// ```
public struct ProcessOptions: Sendable {
    /// How many messages are handled at a time.
    public var concurrency: Int
    public var order: Order
    /// Who reads. Made up unless given (`<host>-<something>.1`), so that no two processes have one name; or that of
    /// `group.consumer("name")`. Of two that have one name, the second waits until the first is gone.
    public var consumer: String?
    /// How long a consumer is silent before others take over its messages; at least a second. A handler may run for longer: a heartbeat
    /// is sent every quarter of it, on the client's own thread, also while handlers block all of Swift's threads.
    public var abandonedAfter: Duration
    /// How often a message is tried in all before it becomes a dead letter, and once more if the process died at its last attempt;
    /// `nil` for without end.
    public var attempts: Int?
    /// The wait before a message that failed is tried again. It stands in Redis (delivery time and count), so it survives
    /// restarts. Others do not wait for it, unless `order` says so.
    public var backoff: Backoff
    public var deadLetters: DeadLetters
    /// How long handlers may go on when the task is cancelled, before they are cancelled.
    public var drainTimeout: Duration
    /// Where a new group begins.
    public var start: StreamPosition
    /// How many messages are read at once, of each stream, at most. Slow handlers make reads smaller.
    public var count: Int
    /// How many such batches are read ahead, at most, while there are more.
    public var prefetch: Int
    /// How many messages that wait, for a retry or for one of their key, are known at a time, without their fields. When there
    /// are as many, nothing new is read.
    public var maximumWaiting: Int
    /// What happens to a handler whose message turns out to be another consumer's: this process was stopped or cut off for
    /// longer than `abandonedAfter`, or somebody claimed it.
    public var losing: Losing
    public var observer: (any ProcessObserver)?

    public init(
        concurrency: Int = 1, order: Order = .none, consumer: String? = nil, abandonedAfter: Duration = .seconds(60),
        attempts: Int? = 12, backoff: Backoff = Backoff(), deadLetters: DeadLetters = .suffix(":dead"),
        drainTimeout: Duration = .seconds(20), start: StreamPosition = .beginning, count: Int = 100,
        prefetch: Int = 2, maximumWaiting: Int = 10_000, losing: Losing = .goOn,
        observer: (any ProcessObserver)? = nil
    ) {
        (self.concurrency, self.order, self.consumer, self.abandonedAfter) =
            (concurrency, order, consumer, abandonedAfter)
        (self.attempts, self.backoff, self.deadLetters, self.drainTimeout) =
            (attempts, backoff, deadLetters, drainTimeout)
        (self.start, self.count, self.prefetch, self.maximumWaiting) = (start, count, prefetch, maximumWaiting)
        (self.losing, self.observer) = (losing, observer)
    }

    /// Which messages wait for which, within this consumer.
    ///
    /// Over several processes nothing is kept in order: each has a part of a key's messages. The bridge's `ordering` does
    /// that, or one stream for each process.
    public enum Order: Sendable {
        case none
        /// Messages of one key one after the other, in the order of their ids, and across retries.
        case byKey(@Sendable (Message) -> String)
    }

    /// Where messages go that are given up.
    public enum DeadLetters: Sendable {
        /// To the stream of this name.
        case stream(StreamName)
        /// To the stream `<stream><suffix>`.
        case suffix(String)
        /// Nowhere: they are acknowledged.
        case drop
    }

    public enum Losing: Sendable {
        /// It goes on; the observer is told.
        case goOn
        /// Its task is cancelled.
        case cancel
    }
}

extension ProcessOptions {
    /// The same, within what can work.
    var sound: ProcessOptions {
        var sound = self
        sound.concurrency = min(max(1, concurrency), 10_000)
        sound.abandonedAfter = max(.seconds(1), abandonedAfter)
        sound.attempts = attempts.map { max(1, $0) }
        sound.count = min(max(1, count), 10_000)
        sound.prefetch = min(max(0, prefetch), 100)
        sound.maximumWaiting = max(1, maximumWaiting)
        return sound
    }

    /// The consumer shows life so often.
    var beat: Duration { abandonedAfter / 4 }
    /// Messages that are in memory with their fields, or handled and not yet acknowledged, before nothing more is read.
    var window: Int { max(count * (prefetch + 2), concurrency * 2 + count) }

    func deadLetters(of stream: StreamName) -> StreamName? {
        switch deadLetters {
        case .stream(let name): name
        case .suffix(let suffix): StreamName(stream.bytes + Array(suffix.utf8))
        case .drop: nil
        }
    }
}
