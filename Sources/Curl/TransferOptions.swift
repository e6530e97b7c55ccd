/// What stays the same for all requests of one handle.
public struct TransferOptions: Sendable, Equatable {
    public enum HTTPVersion: Sendable { case http1, http2 }

    public var url: String
    public var method: String
    /// The whole attempt: name, connection, request, response.
    public var timeout: Duration
    public var connectTimeout: Duration
    /// The response body beyond this is not read; the connection is closed instead.
    public var responseLimitBytes: Int
    public var httpVersion: HTTPVersion
    /// A file of trusted certificates instead of the system's.
    public var certificateAuthorityFile: String?
    /// `Name: value` lines sent with every request.
    public var headers: [String]

    public init(
        url: String, method: String = "POST", timeout: Duration = .seconds(15), connectTimeout: Duration = .seconds(5),
        responseLimitBytes: Int = 64 * 1024, httpVersion: HTTPVersion = .http1,
        certificateAuthorityFile: String? = nil, headers: [String] = []
    ) {
        self.url = url
        self.method = method
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.responseLimitBytes = responseLimitBytes
        self.httpVersion = httpVersion
        self.certificateAuthorityFile = certificateAuthorityFile
        self.headers = headers
    }
}
