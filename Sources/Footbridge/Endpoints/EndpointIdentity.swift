internal import FootbridgeCurl

/// What makes two routes lead to one endpoint: where they go, how they get there, and as whom. What one is refused for may be
/// allowed to another.
enum EndpointIdentity: Hashable {
    /// - Parameter url: without its query.
    case webhook(url: String, ConnectionOptions, AuthConfig?)
    /// A channel or a stream, and the server that has it.
    case redis(String)

    init(_ webhook: WebhookConfig) {
        self = .webhook(
            url: String(webhook.url.prefix { $0 != "?" && $0 != "#" }), webhook.connection, webhook.auth)
    }
}
