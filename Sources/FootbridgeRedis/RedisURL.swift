/// Where Redis is and how to log in, written as one URL.
///
/// ```
/// redis://[user[:password]@]host[:port][/database][?name=…&db=…]
/// rediss://…?ca=…&cert=…&key=…&insecure=true&server_name=…
/// unix://[user[:password]@]/path/to.sock[?db=…&name=…]
/// ```
/// IPv6 addresses stand in brackets. `%XX` is decoded in user, password, path and options.
public struct RedisURL: Sendable, Equatable {
    public enum Endpoint: Sendable, Equatable {
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    public struct TLSOptions: Sendable, Equatable {
        /// File with the certificates to trust, in place of the system's.
        public var ca: String?
        /// File with the client's certificate.
        public var cert: String?
        /// File with the certificate's key, if not in the same file.
        public var key: String?
        /// Takes any certificate: for tests.
        public var insecure: Bool
        /// The name that the certificate has to bear, if not the host.
        public var serverName: String?

        public init(
            ca: String? = nil,
            cert: String? = nil,
            key: String? = nil,
            insecure: Bool = false,
            serverName: String? = nil
        ) {
            self.ca = ca
            self.cert = cert
            self.key = key
            self.insecure = insecure
            self.serverName = serverName
        }
    }

    public static let defaultPort: UInt16 = 6379

    public var endpoint: Endpoint
    /// Present exactly for `rediss://`.
    public var tls: TLSOptions?
    public var user: String?
    public var password: String?
    public var database: Int
    /// What `CLIENT LIST` shows (`name=`).
    public var clientName: String?

    public init(
        endpoint: Endpoint,
        tls: TLSOptions? = nil,
        user: String? = nil,
        password: String? = nil,
        database: Int = 0,
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

extension RedisURL: CustomStringConvertible {
    /// For logs and errors: `redis://user:***@host:6379/0`, without password and options.
    public var description: String {
        let password = password == nil ? "" : ":***"
        let login = user == nil && password.isEmpty ? "" : "\(user ?? "")\(password)@"
        return switch endpoint {
        case .tcp(let host, let port):
            "\(tls == nil ? "redis" : "rediss")://\(login)\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
        case .unix(let path):
            "unix://\(login)\(path)?db=\(database)"
        }
    }
}

/// What is wrong with a URL and how it is written right; never shows a password.
public struct RedisURLError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
