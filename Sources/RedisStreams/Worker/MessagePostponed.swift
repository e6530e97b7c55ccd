/// Throw it from a handler to say that the trouble is not the message's: what it needs is away, a database perhaps. The message comes
/// again after the wait, and no attempt is counted, so that an outage fills no dead letters.
///
/// ```swift
/// throw MessagePostponed(for: .seconds(10))
/// ```
/// If this process ends meanwhile, the message is another's, and waits there as after its last counted attempt; not at all if none was
/// counted.
public struct MessagePostponed: Error, Sendable, Hashable, CustomStringConvertible {
    public let wait: Duration

    /// - Parameter wait: none if it is negative.
    public init(for wait: Duration) { self.wait = max(.zero, wait) }

    public var description: String { "postponed for \(wait)" }
}
