public import Logging

/// Writes to a log what `ConsumerGroup.process` does: `ProcessOptions(observer: LoggingObserver(logger))`.
///
/// A retry or a failure of Redis is a warning, a dead letter an error, a takeover a notice. Handlers that begin or return are not
/// logged, nor is any field of a message; the error that a handler throws is, as text.
public struct LoggingObserver: ProcessObserver {
    private let logger: Logger

    public init(_ logger: Logger) { self.logger = logger }

    public func willRetry(_ message: Message, after wait: Duration, because error: any Error) {
        logger.warning(
            "a message failed, and comes again",
            metadata: [
                "stream": "\(message.stream)", "id": "\(message.id)", "attempt": "\(message.deliveryCount ?? 1)",
                "wait": "\(wait)", "reason": "\(error)",
            ])
    }

    public func didBury(_ id: EntryID, of stream: StreamName, because reason: String) {
        logger.error(
            "a message is given up", metadata: ["stream": "\(stream)", "id": "\(id)", "reason": "\(reason)"])
    }

    public func didLose(_ id: EntryID, of stream: StreamName, isRunning: Bool) {
        logger.warning(
            "a message belongs to another consumer now",
            metadata: ["stream": "\(stream)", "id": "\(id)", "running": "\(isRunning)"])
    }

    public func didTakeOver(_ count: Int, of stream: StreamName, from consumer: String) {
        logger.notice(
            "messages were taken over",
            metadata: ["stream": "\(stream)", "count": "\(count)", "consumer": "\(consumer)"])
    }

    public func didMissTrimmed(_ id: EntryID, of stream: StreamName) {
        logger.warning(
            "a message was pending, and is no longer in the stream", metadata: ["stream": "\(stream)", "id": "\(id)"])
    }

    public func didMeetAnotherGroup(of stream: StreamName) {
        logger.warning("the group is another one; what is held goes back into it", metadata: ["stream": "\(stream)"])
    }

    public func didMeetRival(of stream: StreamName, consumer: String) {
        logger.warning(
            "another process has this consumer's name; nothing is read until it is gone",
            metadata: ["stream": "\(stream)", "consumer": "\(consumer)"])
    }

    public func didFail(_ failure: Redis.Failure, of stream: StreamName) {
        logger.warning("Redis fails", metadata: ["stream": "\(stream)", "reason": "\(failure)"])
    }
}
