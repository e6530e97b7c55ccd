/// Where a `CurlSocket` connects to.
public struct SocketTarget: Sendable, Hashable {
    public enum Address: Sendable, Hashable {
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    /// TLS with OpenSSL, at least 1.2. Files are PEM, and so are bytes, which take the place of a file.
    public struct TLS: Sendable, Hashable {
        public var certificateAuthorityFile: String?
        public var certificateFile: String?
        public var keyFile: String?
        public var certificateAuthority: [UInt8]?
        public var certificate: [UInt8]?
        public var key: [UInt8]?
        /// Accepts any certificate: for tests only.
        public var isInsecure: Bool

        public init(
            certificateAuthorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil,
            isInsecure: Bool = false
        ) {
            self.certificateAuthorityFile = certificateAuthorityFile
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.isInsecure = isInsecure
        }
    }

    public var address: Address
    public var tls: TLS?
    /// The name that the certificate must carry, if it is not the host's.
    public var serverName: String?
    public var connectTimeout: Duration

    public init(address: Address, tls: TLS? = nil, serverName: String? = nil, connectTimeout: Duration = .seconds(5)) {
        self.address = address
        self.tls = tls
        self.serverName = serverName
        self.connectTimeout = connectTimeout
    }
}

extension SocketTarget: CustomStringConvertible {
    public var description: String { address.description }
}

extension SocketTarget.Address: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }
}
