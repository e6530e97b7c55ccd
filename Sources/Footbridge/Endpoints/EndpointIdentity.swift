internal import Curl

/// What makes two routes lead to one endpoint: where they go, how they get there, and as whom. What one is refused for may be
/// allowed to another.
struct EndpointIdentity: Hashable {
    /// Without its query.
    private let url: String
    private let connection: ConnectionOptions
    private let auth: AuthConfig?

    init(_ webhook: WebhookConfig) {
        url = String(webhook.url.prefix { $0 != "?" && $0 != "#" })
        connection = webhook.connection
        auth = webhook.auth
    }
}
