public import RedisStreams

/// An entry that waits for its next attempt.
public struct WaitingEntry: Sendable, Equatable {
    public var stream: String
    public var entry: EntryID
    public var attempts: Int
    /// From now; `nil`: when its endpoint takes something.
    public var due: Duration?
    public var endpoint: String

    public init(stream: String, entry: EntryID, attempts: Int, due: Duration?, endpoint: String) {
        self.stream = stream
        self.entry = entry
        self.attempts = attempts
        self.due = due
        self.endpoint = endpoint
    }
}
