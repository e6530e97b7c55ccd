internal import Logging

/// Something that a configuration may say and that is better not left as it is: `check` warns of it, and so does the log at
/// the start.
public struct ConfigAdvice: Sendable, Hashable {
    /// The key, as in `routes.orders.webhook.tls.insecure`.
    public let path: String
    public let message: String
}

extension ConfigAdvice {
    func tell(_ logger: Logger) {
        logger.warning(
            "the configuration has something to look at",
            metadata: [LogKeys.key: "\(path)", LogKeys.reason: "\(message)"])
    }
}

extension ConfigAdvice: CustomStringConvertible {
    public var description: String { "\(path): \(message)" }
}
