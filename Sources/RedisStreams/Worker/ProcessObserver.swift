/// Is told what `ConsumerGroup.process` does, for logs, metrics and spans. All methods have empty defaults.
///
/// They are called from any task, and the loop waits for them: be quick.
public protocol ProcessObserver: Sendable {
    /// A handler begins.
    func didStart(_ message: Message)
    /// A handler has returned. The message is acknowledged within milliseconds.
    func didFinish(_ message: Message, after duration: Duration)
    /// A handler has thrown; the message comes again.
    func willRetry(_ message: Message, after wait: Duration, because error: any Error)
    /// A message became a dead letter, or was dropped: `rejected: …`, `exhausted: …`, `malformed: …`, `too large: …`,
    /// `trimmed`.
    func didBury(_ id: EntryID, of stream: StreamName, because reason: String)
    /// A message that was held here is another consumer's, or settled by another; or it went with its stream, and its dead letter could
    /// not be written before the worker ended.
    ///
    /// - Parameter isRunning: its handler is at work.
    func didLose(_ id: EntryID, of stream: StreamName, isRunning: Bool)
    /// Messages of a consumer that is silent, or has stopped, are this one's now.
    func didTakeOver(_ count: Int, of stream: StreamName, from consumer: String)
    /// A message was pending, and is no longer in the stream.
    func didMissTrimmed(_ id: EntryID, of stream: StreamName)
    /// The group was made again, or another one of its name was met; what is held here is put back into it.
    func didMeetAnotherGroup(of stream: StreamName)
    /// Another process has this consumer's name; nothing is read until it is gone.
    func didMeetRival(of stream: StreamName, consumer: String)
    /// Redis fails; it is waited for.
    func didFail(_ failure: Redis.Failure, of stream: StreamName)
}

extension ProcessObserver {
    public func didStart(_ message: Message) {}
    public func didFinish(_ message: Message, after duration: Duration) {}
    public func willRetry(_ message: Message, after wait: Duration, because error: any Error) {}
    public func didBury(_ id: EntryID, of stream: StreamName, because reason: String) {}
    public func didLose(_ id: EntryID, of stream: StreamName, isRunning: Bool) {}
    public func didTakeOver(_ count: Int, of stream: StreamName, from consumer: String) {}
    public func didMissTrimmed(_ id: EntryID, of stream: StreamName) {}
    public func didMeetAnotherGroup(of stream: StreamName) {}
    public func didMeetRival(of stream: StreamName, consumer: String) {}
    public func didFail(_ failure: Redis.Failure, of stream: StreamName) {}
}
