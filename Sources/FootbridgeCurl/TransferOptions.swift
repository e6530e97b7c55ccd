/// What stays the same for all requests of one handle.
public struct TransferOptions: Sendable, Equatable {
    public var url: String
    public var method: String
    /// The whole attempt: name, connection, request, response.
    public var timeout: Duration
    public var connectTimeout: Duration
    /// The response body beyond this is not read; the connection is closed instead.
    public var responseLimitBytes: Int
    /// So much of a response's body is kept.
    public var keptBodyBytes: Int
    public var connection: ConnectionOptions
    /// `Name: value` lines sent with every request.
    public var headers: [String]
    /// Signs each request for AWS.
    public var aws: AWSCredentials?

    public static let usuallyKeptBytes = 4096

    public init(
        url: String, method: String = "POST", timeout: Duration = .seconds(15), connectTimeout: Duration = .seconds(5),
        responseLimitBytes: Int = 64 * 1024, keptBodyBytes: Int = usuallyKeptBytes,
        connection: ConnectionOptions = ConnectionOptions(), headers: [String] = [], aws: AWSCredentials? = nil
    ) {
        self.url = url
        self.method = method
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.responseLimitBytes = responseLimitBytes
        self.keptBodyBytes = keptBodyBytes
        self.connection = connection
        self.headers = headers
        self.aws = aws
    }
}

/// What signs requests by AWS Signature Version 4
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>).
public struct AWSCredentials: Sendable, Hashable {
    public var accessKey: String
    public var secretKey: String
    /// `eu-central-1`
    public var region: String
    /// `sqs`, `execute-api`, `lambda` …
    public var service: String

    public init(accessKey: String, secretKey: String, region: String, service: String) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.region = region
        self.service = service
    }
}
