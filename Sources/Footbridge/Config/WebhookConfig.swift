public import FootbridgeCurl
public import FootbridgeJQ
public import FootbridgeWebhooks

/// One endpoint, or those that entries name, and the requests that are made to them.
public struct WebhookConfig: Sendable, Equatable {
    /// `http://` or `https://` with a host, without user and password. Of one that is made from the entry: scheme, host and port.
    public var url: String
    /// The whole URL, if it is made from the entry; its texts have their variables replaced.
    public var urlTemplate: JQTemplate?
    /// What of an entry tells one endpoint from another: a jq program. Without it: scheme, host and port.
    public var endpointKey: String?
    /// It came from a variable, a file or a credential: its path is not shown.
    public var isURLSecret = false
    /// A token in upper case.
    public var method: String
    /// In the order of the file; checked: names are tokens, values hold no control bytes, none is one that the bridge sets.
    public var headers: [Header]
    public var body: BodyFormat
    /// `nil`: each request carries one entry.
    public var batch: BatchConfig?
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
    public var auth: AuthConfig?
    /// What differs from the usual meaning of statuses.
    public var statuses: StatusKinds
    /// A jq program that says of an answer's body whether the entry was accepted; without one the status says it alone.
    public var acceptBody: String?
    /// A jq program that reads from an answer's body which entries of a batch failed.
    public var acceptFailed: String?
    public var connection: ConnectionOptions
    /// Requests are no events without it.
    public var cloudEvents: CloudEventsConfig?
    /// The header that repeats `webhook-id` for receivers which know another name; a token.
    public var idempotencyHeader: String?
    public var traceParent: TraceParentConfig

    public init(
        url: String, urlTemplate: JQTemplate? = nil, method: String = "POST", headers: [Header] = [],
        body: BodyFormat = .fields, batch: BatchConfig? = nil, contentType: String = "application/json",
        timeout: Duration = .seconds(15), connectTimeout: Duration = .seconds(5), responseLimitBytes: Int = 65_536,
        sign: [SigningSecret] = [], hmac: [HMACRule] = [], auth: AuthConfig? = nil,
        statuses: StatusKinds = StatusKinds(), acceptBody: String? = nil, acceptFailed: String? = nil,
        connection: ConnectionOptions = ConnectionOptions(addressGuard: AddressGuard()),
        cloudEvents: CloudEventsConfig? = nil, idempotencyHeader: String? = nil,
        traceParent: TraceParentConfig = .off
    ) {
        self.url = url
        self.urlTemplate = urlTemplate
        self.method = method
        self.headers = headers
        self.body = body
        self.batch = batch
        self.contentType = contentType
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.responseLimitBytes = responseLimitBytes
        self.sign = sign
        self.hmac = hmac
        self.auth = auth
        self.statuses = statuses
        self.acceptBody = acceptBody
        self.acceptFailed = acceptFailed
        self.connection = connection
        self.cloudEvents = cloudEvents
        self.idempotencyHeader = idempotencyHeader
        self.traceParent = traceParent
    }

    /// Scheme, host and port come from the entry.
    public var isHostFromEntry: Bool { urlTemplate != nil && url.isEmpty }

    /// Each entry may have an endpoint of its own.
    public var hasManyEndpoints: Bool { isHostFromEntry || endpointKey != nil }

    /// The URL with its `\(…)`, if it has any.
    public var writtenURL: String { urlTemplate?.source() ?? url }

    /// A header that goes out with every request.
    public struct Header: Sendable, Equatable {
        public var name: String
        /// Empty if it is made from the entry.
        public var value: String
        public var template: JQTemplate?

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }

        public init(name: String, template: JQTemplate) {
            self.name = name
            value = ""
            self.template = template
        }
    }
}

/// What of an entry is sent.
public enum BodyFormat: Sendable, Equatable {
    /// A JSON object of all fields.
    case fields
    /// The same, but values that are JSON stay JSON.
    case typed
    /// The bytes of one field, as they are.
    case field(String)
    /// A JSON object of id, stream, timestamp and fields.
    case envelope
    /// `application/x-www-form-urlencoded`.
    case form
    /// The one result of a jq program.
    case jq(String)

    /// Whether it is JSON whatever the entry holds.
    var isJSON: Bool {
        switch self {
        case .fields, .typed, .envelope, .jq: true
        case .field, .form: false
        }
    }
}
