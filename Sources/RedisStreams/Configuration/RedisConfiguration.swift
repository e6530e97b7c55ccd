/// Where Redis is, how to log in, and what the client may do there.
///
/// ```swift
/// var configuration = try RedisConfiguration("rediss://redis.example:6380/2")
/// configuration.credentials = { try await vault.redisCredentials() }
/// configuration.tls?.authority = .bytes(pem)
/// let redis = Redis(configuration, logger: logger)
/// ```
public struct RedisConfiguration: Sendable {
    /// Where the server is. With `sentinel`, its TLS and credentials count, and its address does not.
    public var endpoint: Endpoint
    /// These Sentinels are asked for the master, which is followed when it changes; `nil` to go by `endpoint`.
    public var sentinel: Sentinel?
    /// Speaks TLS, at least 1.2; `nil` for none.
    public var tls: TLS?
    /// Who logs in; the server's user `default` unless given.
    public var user: String?
    public var password: String?
    /// Asked before each new connection logs in, for credentials that rotate; takes the place of `user` and `password`.
    ///
    /// It has as long as `connectTimeout`. If it throws, no connection is made, and it is asked again with the next attempt.
    public var credentials: (@Sendable () async throws -> Credentials)?
    /// The database's number, `SELECT`.
    public var database: Int
    /// What `CLIENT LIST` shows; printable ASCII without spaces.
    public var clientName: String?

    /// How long one attempt to connect may take, the name's lookup and TLS included.
    public var connectTimeout: Duration = .seconds(5)
    /// For each command: how long it may wait to be sent, and then how long the connection may be silent. For another one in some
    /// calls, see `Redis.with(deadline:)`.
    public var deadline: Duration = .seconds(5)
    /// How large a reply may be.
    public var limits = ReplyLimits()
    /// How many connections there may be for calls that wait at the server; more such calls wait for their turn, and throw
    /// `unreachable` when that does not come within the deadline.
    public var blockingConnections = 256
    /// How many of these are kept when nobody waits.
    public var idleConnections = 4

    public init(
        _ endpoint: Endpoint, tls: TLS? = nil, user: String? = nil, password: String? = nil, database: Int = 0,
        clientName: String? = nil
    ) {
        self.endpoint = endpoint
        self.tls = tls
        self.user = user
        self.password = password
        self.database = database
        self.clientName = clientName
    }
}

extension RedisConfiguration {
    /// The address of a server.
    public enum Endpoint: Sendable, Hashable {
        /// A name or a number, without brackets.
        case tcp(host: String, port: UInt16 = 6379)
        /// The path of a socket.
        case unix(path: String)
    }

    /// What a log-in needs.
    public struct Credentials: Sendable {
        /// `nil` for the server's user `default`.
        public var user: String?
        public var password: String?

        public init(user: String? = nil, password: String?) {
            self.user = user
            self.password = password
        }
    }

    /// A master that Sentinels watch. <https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/>
    public struct Sentinel: Sendable {
        /// What the Sentinels call it.
        public var master: String
        /// Where they are, at least one; asked in this order.
        public var endpoints: [Endpoint]
        /// For the Sentinels themselves, which may have credentials of their own.
        public var user: String?
        public var password: String?
        /// TLS to the Sentinels.
        public var tls: TLS?

        public init(
            master: String, endpoints: [Endpoint], user: String? = nil, password: String? = nil, tls: TLS? = nil
        ) {
            self.master = master
            self.endpoints = endpoints
            self.user = user
            self.password = password
            self.tls = tls
        }
    }

    /// Whom to trust, and who we are. A file or bytes in PEM may hold several certificates.
    public struct TLS: Sendable, Hashable {
        public enum PEM: Sendable, Hashable {
            /// Read for each connection.
            case file(String)
            case bytes([UInt8])
        }

        /// The certificates to trust, in place of the system's.
        public var authority: PEM?
        /// The client's certificate, and its key if that is not in the same file.
        public var certificate: PEM?
        public var key: PEM?
        /// The name that the certificate has to bear, if not the host.
        public var serverName: String?
        /// Takes any certificate: for tests.
        public var isInsecure: Bool

        public init(
            authority: PEM? = nil, certificate: PEM? = nil, key: PEM? = nil, serverName: String? = nil,
            isInsecure: Bool = false
        ) {
            self.authority = authority
            self.certificate = certificate
            self.key = key
            self.serverName = serverName
            self.isInsecure = isInsecure
        }
    }

    /// How large a reply may be; a larger one ends its connection. Memory follows the bytes that come, not what is announced.
    public struct ReplyLimits: Sendable, Hashable {
        /// Of one value. The server's own bound (`proto-max-bulk-len`) is 512 MiB.
        public var valueBytes: Int
        /// Of a whole reply.
        public var replyBytes: Int

        public init(valueBytes: Int = 512 << 20, replyBytes: Int = 2 << 30) {
            self.valueBytes = valueBytes
            self.replyBytes = replyBytes
        }
    }
}
