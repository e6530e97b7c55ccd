public import FootbridgeCurl

/// A master that Sentinels watch: what they call it, and where they are.
public struct SentinelTarget: Sendable, Equatable {
    public var master: String
    /// At least one; asked in this order.
    public var nodes: [SocketTarget]
    /// For the Sentinels themselves, which may have credentials of their own.
    public var user: String?
    public var password: String?

    public init(master: String, nodes: [SocketTarget], user: String? = nil, password: String? = nil) {
        self.master = master
        self.nodes = nodes
        self.user = user
        self.password = password
    }

    var handshake: RedisHandshake { RedisHandshake(user: user, password: password) }
}
