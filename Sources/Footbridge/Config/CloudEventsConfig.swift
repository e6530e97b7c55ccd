internal import FootbridgeJQ

/// Requests as CloudEvents 1.0. <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>
public struct CloudEventsConfig: Sendable, Equatable {
    /// Where the attributes stand.
    public enum Mode: String, Sendable, Equatable, CaseIterable {
        /// In headers, beside the body as it is.
        case binary
        /// In one JSON object, together with the body.
        case structured
        /// The objects of several entries, in an array.
        case batch
    }

    public struct Extension: Sendable, Equatable {
        /// Lower-case letters and digits; none of the attributes that the specification names.
        public var name: String
        public var value: EventAttribute

        public init(name: String, value: EventAttribute) {
            self.name = name
            self.value = value
        }
    }

    public var mode: Mode
    /// By default that of `webhook-id`.
    public var id: EventAttribute
    /// By default a path that names the stream, and before it the namespace if there is one.
    public var source: EventAttribute
    /// By default the field `type`, or `defaultType` where that is missing.
    public var type: EventAttribute
    /// By default none.
    public var subject: EventAttribute
    /// By default none.
    public var dataSchema: EventAttribute
    /// By default the time in the entry's id, or none where that is no time.
    public var time: EventAttribute
    public var extensions: [Extension]
    /// The name by which a receiver is asked for its permission; `nil`: it is not asked.
    public var handshake: String?

    public static let defaultType = "redis.stream.entry"

    public init(
        mode: Mode = .binary, id: EventAttribute = .standard, source: EventAttribute = .standard,
        type: EventAttribute = .standard, subject: EventAttribute = .standard, dataSchema: EventAttribute = .standard,
        time: EventAttribute = .standard, extensions: [Extension] = [], handshake: String? = nil
    ) {
        self.mode = mode
        self.id = id
        self.source = source
        self.type = type
        self.subject = subject
        self.dataSchema = dataSchema
        self.time = time
        self.extensions = extensions
        self.handshake = handshake
    }
}

/// Where the value of an attribute comes from.
public enum EventAttribute: Sendable, Equatable {
    case standard
    case literal(String)
    /// The first of this name.
    case field(String)
    /// Made from the entry: text with `\(…)`.
    case template(Template)

    /// Of libjq's programs and the text around them.
    public struct Template: Sendable, Equatable {
        let template: JQTemplate
    }
}
