internal import FootbridgeCurl
internal import FootbridgeRedis

extension Destination {
    /// What counts as one endpoint: routes of a worker with equal ones share what is known of it.
    var endpointIdentity: EndpointIdentity {
        switch self {
        case .webhook(let webhook): EndpointIdentity(webhook)
        case .publish(let publish): .redis("channel \(publish.channel) \(Self.key(publish.redis))")
        case .append(let append): .redis("stream \(append.stream) \(Self.key(append.redis))")
        }
    }

    /// The key that it stands under.
    var kind: String {
        switch self {
        case .webhook: "webhook"
        case .publish: "publish"
        case .append: "append"
        }
    }

    /// The same as logs may show it.
    var endpointName: String {
        switch self {
        case .webhook(let webhook): webhook.endpoint
        case .publish(let publish): "channel \(publish.channel)\(Self.place(publish.redis))"
        case .append(let append): "stream \(append.stream)\(Self.place(append.redis))"
        }
    }

    /// Another Redis than the bridge's, if entries go to one.
    public var redis: RedisSource? {
        switch self {
        case .webhook: nil
        case .publish(let publish): publish.redis
        case .append(let append): append.redis
        }
    }

    /// A server that is named twice is one: there an entry is appended and acknowledged in one step.
    mutating func forgetRedis(equalTo source: RedisSource) {
        guard redis == source else { return }
        switch self {
        case .webhook: break
        case .publish(var publish):
            publish.redis = nil
            self = .publish(publish)
        case .append(var append):
            append.redis = nil
            self = .append(append)
        }
    }

    private static func key(_ source: RedisSource?) -> String {
        switch source {
        case .none, .embedded: ""
        case .url(let url): "\(url)"
        case .sentinel(let sentinel, let url): "\(sentinel.master) of \(sentinel.nodes), \(url)"
        }
    }

    private static func place(_ source: RedisSource?) -> String { source.map { " at \($0.shortName)" } ?? "" }
}

extension RedisSource {
    /// The server as logs may show it.
    public var shortName: String {
        switch self {
        case .embedded: "the embedded Redis"
        case .url: target(clientName: "")?.socket.description ?? ""
        case .sentinel(let sentinel, _): "master \(sentinel.master)"
        }
    }
}
