import Redis

extension BridgeConfig {
    /// Reads the whole file. What is wrong goes to the section's source; this value is then of no use.
    init(_ section: Section) {
        let environment = section.source.environment
        let (redis, waitForAck) = RedisSource.read(section)
        self.init(
            redis: redis, waitForAck: waitForAck, instance: Self.instance(hostName: environment.hostName),
            log: LogConfig(section.section("log")), routes: [])
        let instance = section.optional("instance", type: "string", defaultText: "the host's name", Self.checkInstance)
        if let instance { self.instance = instance }
        namespace = section.optional("namespace", type: "string", defaultText: "none", ConfigText.name)
        section.integer("workers", &workers, 1...64)
        admin = AdminConfig(section.section("admin"))
        routes = Self.routes(section)
        section.finish()
    }

    private static func checkInstance(_ text: ConfigText) throws(Complaint) -> String {
        let bytes = text.text.utf8
        guard (1...128).contains(bytes.count), bytes.allSatisfy(isWordByte) else {
            throw Complaint("\(text.shown) cannot be a consumer's name; use 1 to 128 of: letters digits . _ -")
        }
        return text.text
    }

    /// A host name with what a consumer's name may not hold replaced by `-`.
    private static func instance(hostName: String) -> String {
        let bytes = hostName.utf8.prefix(128).map { isWordByte($0) ? $0 : UInt8(ascii: "-") }
        return bytes.isEmpty ? "localhost" : String(decoding: bytes, as: UTF8.self)
    }

    private static func routes(_ section: Section) -> [RouteConfig] {
        section.note("defaults", type: "map", defaultText: "none")
        section.note("routes", type: "map", defaultText: nil)
        let defaults = section.section("defaults")
        let template = Section(
            section.source, layers: defaults.layers, path: "defaults", pattern: routePattern, place: defaults.place,
            isTemplate: true)
        _ = RouteConfig(template, name: "")

        let map = section.section("routes")
        let entries = map.freeEntries()
        let cure = "write at least one: routes: { orders: { stream: orders, webhook: { url: … } } }"
        if let found = section.find("routes") {
            if map.exists && entries.isEmpty { section.report("is empty; \(cure)", at: found) }
        } else {
            section.missing("routes", cure)
        }
        var routes: [(config: RouteConfig, section: Section)] = []
        for (name, found) in entries {
            guard case .mapping(let own) = found.node.content else {
                map.report("is \(found.node.kind); it must be a map with stream and webhook", at: found)
                continue
            }
            let bytes = name.utf8
            if !(1...64).contains(bytes.count) || !bytes.allSatisfy(isWordByte) {
                map.report("a route's name takes 1 to 64 of: letters digits . _ -", at: found, onKey: true)
            }
            let layers = [Section.Layer(entries: own, path: found.path, rank: 0)] + defaults.lowered
            let route = Section(
                section.source, layers: layers, path: found.path, pattern: routePattern, place: found.keyPlace)
            routes.append((RouteConfig(route, name: name), route))
        }
        GroupCheck.run(routes)
        DeadLetterCheck.run(routes)
        return routes.map(\.config)
    }

    private static let routePattern = "routes.<name>"
}

extension RedisSource {
    /// With what else stands in the map.
    fileprivate static func read(_ root: Section) -> (RedisSource, WaitForAck?) {
        let fallback = RedisURL(endpoint: .tcp(host: "localhost", port: RedisURL.defaultPort))
        root.note("redis", type: "embedded or map", defaultText: "redis.url")
        let (scalar, section) = root.choice("redis", or: "embedded")
        var url = section.optionalSecret("url", type: "URL or secret", defaultText: fallback.description) {
            text throws(Complaint) in
            do throws(RedisURLError) {
                var url = try RedisURL(text.text)
                url.tls?.resolveFiles(root.source.path)
                return url
            } catch {
                throw Complaint(error.description)
            }
        }
        let password = section.optionalSecret("password", defaultText: "none") { $0.text }
        if let password {
            if url?.password != nil {
                section.contradiction(
                    "stands beside a password in redis.url; keep one of the two", among: section.find("password"))
            }
            url = url ?? fallback
            url?.password = password
        }
        let sentinel = SentinelSource(section.section("sentinel"))
        let waitForAck = WaitForAck(section.section("wait_for_ack"))
        section.finish()
        guard let scalar else {
            return (sentinel.map { .sentinel($0, url ?? fallback) } ?? .url(url ?? fallback), waitForAck)
        }
        _ = root.value(at: scalar) { text throws(Complaint) in
            // Not shown: it may be a URL with a password.
            guard text.text == "embedded" else {
                throw Complaint("must be embedded, or a map; write redis: { url: \"\(fallback)\" }")
            }
        }
        return (.embedded, nil)
    }
}

extension RedisURL.TLSOptions {
    fileprivate mutating func resolveFiles(_ resolve: (String) -> String) {
        (ca, cert, key) = (ca.map(resolve), cert.map(resolve), key.map(resolve))
    }
}

extension LogConfig {
    init(_ section: Section) {
        self.init()
        section.name("level", &level)
        section.name("format", &format)
        section.finish()
    }
}
