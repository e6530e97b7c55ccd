/// How connections are made. Handles with equal ones share connections.
public struct ConnectionOptions: Sendable, Hashable {
    public enum HTTPVersion: Sendable, Hashable { case http1, http2 }

    public var httpVersion: HTTPVersion
    public var tls: TLSOptions
    /// `http://`, `https://`, `socks5://` or `socks5h://`, with a user and a password if it wants them.
    public var proxy: String?
    /// The path of a unix socket to connect to, whatever the URL's host is.
    public var unixSocket: String?
    /// Which addresses may be connected to; `nil`: any.
    public var addressGuard: AddressGuard?

    public init(
        httpVersion: HTTPVersion = .http1, tls: TLSOptions = TLSOptions(), proxy: String? = nil,
        unixSocket: String? = nil, addressGuard: AddressGuard? = nil
    ) {
        self.httpVersion = httpVersion
        self.tls = tls
        self.proxy = proxy
        self.unixSocket = unixSocket
        self.addressGuard = addressGuard
    }

    /// Whether addresses are judged for this URL. A proxy's is not: whoever configures it knows where it is, and where it
    /// connects to is its own affair.
    func guards(url: String) -> Bool {
        guard let addressGuard, proxy == nil, unixSocket == nil else { return false }
        return URLHost.of(url).map { !addressGuard.allows(host: $0) } ?? true
    }
}

/// What is asked of a receiver's certificate, and what it is shown of ours. Files are PEM.
public struct TLSOptions: Sendable, Hashable {
    public enum Version: String, Sendable, Hashable, CaseIterable {
        case v12 = "1.2"
        case v13 = "1.3"
    }

    /// Trusted certificates instead of the system's.
    public var authorityFile: String?
    /// Our certificate, with those between it and its authority behind it.
    public var certificateFile: String?
    /// Its key, if it is not in the same file.
    public var keyFile: String?
    public var keyPassword: String?
    public var minimumVersion: Version
    /// The name to ask for and to find in the certificate, if it is not the URL's host.
    public var serverName: String?
    /// Accepts any certificate.
    public var isInsecure: Bool

    public init(
        authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil,
        keyPassword: String? = nil, minimumVersion: Version = .v12, serverName: String? = nil, isInsecure: Bool = false
    ) {
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.keyPassword = keyPassword
        self.minimumVersion = minimumVersion
        self.serverName = serverName
        self.isInsecure = isInsecure
    }
}
