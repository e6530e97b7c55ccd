/// Throw it from a handler to say that this message is never to be tried again: it goes to the dead letters at once, with
/// the reason `rejected: <why>`.
public struct MessageRejected: Error, Sendable, Hashable, CustomStringConvertible {
    public let reason: String

    public init(_ reason: String) { self.reason = reason }

    public var description: String { reason }
}
