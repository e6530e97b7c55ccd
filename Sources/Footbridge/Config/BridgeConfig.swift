public import FootbridgeCurl
public import FootbridgeRedis

/// One bridge: what a whole configuration file says, checked, with every default filled in.
public struct BridgeConfig: Sendable, Equatable {
    public var redis: RedisSource
    /// Without it what the master has counts as settled.
    public var waitForAck: WaitForAck?
    /// Worker `n` of this instance is the consumer `<instance>.<n>` of every group.
    public var instance: String
    /// Goes into every `webhook-id`: for receivers that also get entries from another Redis, or another database.
    public var namespace: String?
    /// Threads, each with its own loop and connections.
    public var workers: Int
    public var log: LogConfig
    /// Without it there is no admin server.
    public var admin: AdminConfig?
    /// Without it nothing is traced.
    public var tracing: TracingConfig?
    /// Special addresses that every route may connect to.
    public var allow: AddressGuard
    /// In the order of the file.
    public var routes: [RouteConfig]

    /// What works and should not be left as it is.
    public var advice: [ConfigAdvice]

    public init(
        redis: RedisSource, waitForAck: WaitForAck? = nil, instance: String, namespace: String? = nil,
        workers: Int = 1, log: LogConfig = LogConfig(), admin: AdminConfig? = nil, tracing: TracingConfig? = nil,
        allow: AddressGuard = AddressGuard(), routes: [RouteConfig], advice: [ConfigAdvice] = []
    ) {
        self.redis = redis
        self.waitForAck = waitForAck
        self.instance = instance
        self.namespace = namespace
        self.workers = workers
        self.log = log
        self.admin = admin
        self.tracing = tracing
        self.allow = allow
        self.routes = routes
        self.advice = advice
    }
}

/// Where Redis is.
public enum RedisSource: Sendable, Equatable {
    /// A server that somebody else runs.
    case url(RedisURL)
    /// The master among several, which Sentinels know; of the URL all counts but the address.
    case sentinel(SentinelSource, RedisURL)
    /// A private `redis-server`, run by the bridge in its state directory.
    case embedded(EmbeddedConfig = EmbeddedConfig())
}

/// What is logged, and in which form.
public struct LogConfig: Sendable, Equatable {
    public var level: LogLevel
    public var format: LogFormat
    /// Of all attempts, those of these entries are logged at `info`.
    public var deliveries: Share
    public var urls: LoggedURLs

    public init(
        level: LogLevel = .info, format: LogFormat = .auto, deliveries: Share = .none, urls: LoggedURLs = .masked
    ) {
        self.level = level
        self.format = format
        self.deliveries = deliveries
        self.urls = urls
    }
}

/// From everything to almost nothing; the names are those of swift-log.
public enum LogLevel: String, Sendable, Equatable, CaseIterable {
    case trace, debug, info, notice, warning, error
}

public enum LogFormat: String, Sendable, Equatable, CaseIterable {
    /// Text on a terminal, fields in the journal, JSON otherwise.
    case auto
    case text
    /// One object per line.
    case json
    /// Entries of systemd's journal with a field for each key.
    case journald
}

/// What logs and spans show of the URLs of endpoints.
public enum LoggedURLs: String, Sendable, Equatable, CaseIterable {
    /// Scheme, host and port.
    case masked
    /// The path, too; a query never.
    case full
}
