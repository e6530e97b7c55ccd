internal import Webhooks

/// A secret that works here, but not with every receiver.
public struct SecretWarning: Sendable, Equatable {
    public let route: String
    /// The secret's length.
    public let bytes: Int

    public var text: String {
        "a secret of \(bytes) bytes signs, but Standard Webhooks asks for 24 to 64, and receivers may refuse it; "
            + "make one with: footbridge secret new"
    }
}

extension BridgeConfig {
    /// In the order of the file.
    public var secretWarnings: [SecretWarning] {
        routes.flatMap { route in
            route.webhook.sign.compactMap(\.unusualLength).map { SecretWarning(route: route.name, bytes: $0) }
        }
    }
}
