public import FootbridgeJQ

/// Where the entries of a route go.
public enum Destination: Sendable, Equatable {
    /// HTTP requests.
    case webhook(WebhookConfig)
    /// Messages on a channel of a Redis.
    case publish(PublishConfig)
    /// Entries of another stream.
    case append(AppendConfig)
}

/// A channel, and the messages that are published on it.
public struct PublishConfig: Sendable, Equatable {
    public var channel: TargetName
    /// `SPUBLISH` in place of `PUBLISH`.
    public var shard: Bool
    public var body: BodyFormat
    /// `nil`: the bridge's own.
    public var redis: RedisSource?

    public init(
        channel: TargetName, shard: Bool = false, body: BodyFormat = .fields, redis: RedisSource? = nil
    ) {
        self.channel = channel
        self.shard = shard
        self.body = body
        self.redis = redis
    }

    public var command: String { shard ? "SPUBLISH" : "PUBLISH" }

    /// So long a command may take: then its connection is closed.
    public static let timeout = Duration.seconds(5)
}

/// A stream, and the entries that are appended to it.
public struct AppendConfig: Sendable, Equatable {
    public var stream: TargetName
    public var trimming: Trimming?
    /// Trims to the entry, in place of whole nodes of the server's, which is cheap.
    public var isExact: Bool
    public var fields: FieldSelection
    /// In place of `fields`: the program that makes the new entry, or several.
    public var entries: String?
    /// `nil`: the bridge's own.
    public var redis: RedisSource?

    /// The key on another server that holds what was appended; `nil` on the bridge's, which needs none.
    public var memory: String? {
        guard redis != nil else { return nil }
        return stream.template == nil ? AppendScript.memory(of: stream.text) : AppendScript.commonMemory
    }

    /// Whether the server is asked for its clock.
    public var asksForTime: Bool { if case .age = trimming { true } else { redis != nil } }

    /// How the stream is kept short.
    public enum Trimming: Sendable, Equatable {
        /// Its newest entries stay, so many.
        case length(Int)
        /// Those stay that are younger, by the server's clock.
        case age(Duration)
    }

    public init(
        stream: TargetName, trimming: Trimming? = nil, isExact: Bool = false, fields: FieldSelection = .all,
        entries: String? = nil, redis: RedisSource? = nil
    ) {
        self.stream = stream
        self.trimming = trimming
        self.isExact = isExact
        self.fields = fields
        self.entries = entries
        self.redis = redis
    }
}

/// The name of a channel or a stream that entries go to.
public struct TargetName: Sendable, Equatable, CustomStringConvertible {
    /// As the configuration has it.
    public let text: String
    /// What makes it from the entry, if something does.
    public let template: JQTemplate?

    public init(_ text: String) { (self.text, template) = (text, nil) }

    public init(_ template: JQTemplate) { (text, self.template) = (template.source(), template) }

    public var description: String { text }
}

/// Which fields of an entry are passed on, and under which names.
public enum FieldSelection: Sendable, Equatable {
    case all
    /// In this order; of a name that repeats all values. What an entry lacks is left out.
    case some([Pick])

    public struct Pick: Sendable, Equatable {
        public var name: String
        /// As the entry has it.
        public var field: String

        public init(name: String, field: String) {
            self.name = name
            self.field = field
        }
    }
}
