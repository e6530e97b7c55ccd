public import FootbridgeCurl
public import FootbridgeRESP

/// Where and how to connect.
public struct RedisTarget: Sendable {
    public var socket: SocketTarget
    public var handshake: RedisHandshake
    /// Who knows where the master is; its address takes the place of the one in `socket`.
    public var sentinel: SentinelTarget?
    /// Asked for user and password before each connection's greeting; they take the place of those in `handshake`. Called on
    /// no particular thread, and given as long as connecting may take.
    public var credentials: (@Sendable () async throws -> (user: String?, password: String?))?
    /// What a reply may have at most; one beyond it ends its connection with `RedisError.protocolViolation`.
    public var limits = RESPLimits.asServersAllow

    public init(socket: SocketTarget, handshake: RedisHandshake, sentinel: SentinelTarget? = nil) {
        self.socket = socket
        self.handshake = handshake
        self.sentinel = sentinel
    }

    /// What a URL says.
    ///
    /// - Parameter defaultClientName: shown by CLIENT LIST, unless the URL has a name.
    public init(_ url: RedisURL, defaultClientName: String? = nil) {
        let address: SocketTarget.Address =
            switch url.endpoint {
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        let tls = url.tls.map {
            SocketTarget.TLS(
                certificateAuthorityFile: $0.ca, certificateFile: $0.cert, keyFile: $0.key, isInsecure: $0.insecure)
        }
        socket = SocketTarget(address: address, tls: tls, serverName: url.tls?.serverName)
        handshake = RedisHandshake(
            user: url.user, password: url.password, clientName: url.clientName ?? defaultClientName,
            database: url.database)
    }
}
