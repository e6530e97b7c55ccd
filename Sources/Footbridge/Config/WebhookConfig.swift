public import Webhooks

/// One endpoint, and the requests that are made to it.
public struct WebhookConfig: Sendable, Equatable {
    /// `http://` or `https://` with a host, without user and password.
    public var url: String
    /// A token in upper case.
    public var method: String
    /// In the order of the file; checked: names are tokens, values hold no control bytes, none is one that the bridge sets.
    public var headers: [Header]
    public var body: BodyFormat
    public var contentType: String
    /// For the whole attempt, connecting included.
    public var timeout: Duration
    /// Not longer than `timeout`.
    public var connectTimeout: Duration
    /// So much of an answer is read and kept.
    public var responseLimitBytes: Int
    /// Secrets of which each makes a signature of Standard Webhooks.
    public var sign: [SigningSecret]
    /// Signatures of other kinds.
    public var hmac: [HMACRule]
    /// Requests are no events without it.
    public var cloudEvents: CloudEventsConfig?
    /// The header that repeats `webhook-id` for receivers which know another name; a token.
    public var idempotencyHeader: String?
    public var traceParent: TraceParentConfig

    public init(
        url: String, method: String = "POST", headers: [Header] = [], body: BodyFormat = .fields,
        contentType: String = "application/json", timeout: Duration = .seconds(15),
        connectTimeout: Duration = .seconds(5), responseLimitBytes: Int = 65_536, sign: [SigningSecret] = [],
        hmac: [HMACRule] = [], cloudEvents: CloudEventsConfig? = nil, idempotencyHeader: String? = nil,
        traceParent: TraceParentConfig = .off
    ) {
        self.url = url
        self.method = method
        self.headers = headers
        self.body = body
        self.contentType = contentType
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.responseLimitBytes = responseLimitBytes
        self.sign = sign
        self.hmac = hmac
        self.cloudEvents = cloudEvents
        self.idempotencyHeader = idempotencyHeader
        self.traceParent = traceParent
    }

    /// A header that goes out with every request.
    public struct Header: Sendable, Equatable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// What of an entry is sent.
public enum BodyFormat: Sendable, Equatable {
    /// A JSON object of all fields.
    case fields
    /// The bytes of one field, as they are.
    case field(String)
}
