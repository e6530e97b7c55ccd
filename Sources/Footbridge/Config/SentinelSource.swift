public import FootbridgeCurl
public import FootbridgeRedis

/// A master that Sentinels watch, as the configuration names it.
public struct SentinelSource: Sendable, Equatable {
    public var master: String
    /// At least one.
    public var nodes: [SocketTarget.Address]
    /// For the Sentinels themselves.
    public var user: String?
    public var password: String?

    public init(master: String, nodes: [SocketTarget.Address], user: String? = nil, password: String? = nil) {
        self.master = master
        self.nodes = nodes
        self.user = user
        self.password = password
    }
}

extension RedisSource {
    /// How the bridge runs its own server; `nil` if somebody else runs one.
    public var ownServer: EmbeddedConfig? {
        if case .embedded(let embedded) = self { embedded } else { nil }
    }

    /// Where and how to connect; `nil` for an embedded server, whose place only who has started it knows.
    public func target(clientName: String) -> RedisTarget? {
        switch self {
        case .embedded: return nil
        case .url(let url): return RedisTarget(url, defaultClientName: clientName)
        case .sentinel(let source, let url):
            var target = RedisTarget(url, defaultClientName: clientName)
            // With rediss:// the Sentinels speak TLS, too.
            let nodes = source.nodes.map {
                SocketTarget(address: $0, tls: target.socket.tls, serverName: target.socket.serverName)
            }
            target.sentinel = SentinelTarget(
                master: source.master, nodes: nodes, user: source.user, password: source.password)
            return target
        }
    }
}

extension SentinelSource {
    /// Reads `redis.sentinel`; `nil` if it is not there.
    init?(_ section: Section) {
        let master =
            section.exists || section.isTemplate
            ? section.required("master", type: "string", example: "mymaster", ConfigText.name) : nil
        section.note("nodes", type: "list of addresses", defaultText: nil)
        let user = section.optional("user", type: "string", defaultText: "none", ConfigText.name)
        let password = section.optionalSecret("password", defaultText: "none") { $0.text }
        let nodes = Self.nodes(section)
        section.finish()
        guard section.exists else { return nil }
        self.init(master: master ?? "", nodes: nodes, user: user, password: password)
    }

    private static func nodes(_ section: Section) -> [SocketTarget.Address] {
        let cure = "write nodes: [\"10.0.0.1:26379\", \"10.0.0.2:26379\"]"
        guard let found = section.find("nodes") else {
            if section.exists { section.missing("nodes", cure) }
            return []
        }
        guard case .sequence(let items) = found.node.content, !items.isEmpty else {
            section.report("must be a list with at least one address; \(cure)", at: found)
            return []
        }
        return items.enumerated().compactMap { index, item in
            let path = "\(found.path)[\(index)]"
            let place = Section.Found(node: item, keyPlace: item.place, path: path, rank: found.rank)
            return section.value(at: place, address)
        }
    }

    /// `host`, `host:port` or `[::1]:port`; Sentinels listen on 26379.
    private static func address(_ text: ConfigText) throws(Complaint) -> SocketTarget.Address {
        let hasPort = text.text.hasSuffix("]") ? false : text.text.contains(":")
        let whole = "redis://\(text.text)\(hasPort ? "" : ":26379")"
        guard let url = try? RedisURL(whole), url.user == nil, url.password == nil, url.database == 0,
            case .tcp(let host, let port) = url.endpoint
        else { throw Complaint("\(text.shown) is no address; write 10.0.0.1:26379") }
        return .tcp(host: host, port: port)
    }
}
