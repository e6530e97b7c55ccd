internal import FootbridgeRedis

extension RedisSource {
    private static let fallback = RedisURL(endpoint: .tcp(host: "localhost", port: RedisURL.defaultPort))

    /// Reads the bridge's own, with what else stands in its map.
    static func read(_ root: Section) -> (RedisSource, WaitForAck?) {
        root.note("redis", type: "embedded or map", defaultText: "redis.url")
        let (scalar, section) = root.choice("redis", or: "embedded")
        let server = Self.server(section)
        let waitForAck = WaitForAck(section.section("wait_for_ack"))
        let embedded = EmbeddedConfig(section.section("embedded"))
        section.finish()
        if let embedded {
            for key in ["url", "password", "sentinel", "wait_for_ack"] {
                guard let found = section.find(key) else { continue }
                let cure = key == "password" ? "write it into embedded" : "keep one of the two"
                section.report("stands beside embedded, a server of the bridge's own; \(cure)", at: found, onKey: true)
            }
            return (.embedded(embedded), nil)
        }
        guard let scalar else { return (server, waitForAck) }
        _ = root.value(at: scalar) { text throws(Complaint) in
            // Not shown: it may be a URL with a password.
            guard text.text == "embedded" else {
                throw Complaint("must be embedded, or a map; write redis: { url: \"\(fallback)\" }")
            }
        }
        return (.embedded(), nil)
    }

    /// Reads the one that a route's entries go to: a URL, or a map as for the bridge's own. `nil`: the bridge's.
    static func readOther(_ destination: Section) -> RedisSource? {
        destination.note("redis", type: "URL or map", defaultText: "the bridge's")
        let (scalar, section) = destination.choice("redis", or: "a URL")
        let server = Self.server(section)
        section.finish()
        if let scalar {
            return destination.value(at: scalar) { text throws(Complaint) in .url(try parse(text, destination)) }
        }
        return section.exists ? server : nil
    }

    private static func server(_ section: Section) -> RedisSource {
        var url = section.optionalSecret("url", type: "URL or secret", defaultText: fallback.description) {
            text throws(Complaint) in try parse(text, section)
        }
        let password = section.optionalSecret("password", defaultText: "none") { $0.text }
        if let password {
            if url?.password != nil {
                section.contradiction(
                    "stands beside a password in \(keyPath(section.path, "url")); keep one of the two",
                    among: section.find("password"))
            }
            url = url ?? fallback
            url?.password = password
        }
        let sentinel = SentinelSource(section.section("sentinel"))
        return sentinel.map { .sentinel($0, url ?? fallback) } ?? .url(url ?? fallback)
    }

    private static func parse(_ text: ConfigText, _ section: Section) throws(Complaint) -> RedisURL {
        do throws(RedisURLError) {
            var url = try RedisURL(text.text)
            url.tls?.resolveFiles(section.source.path)
            return url
        } catch {
            throw Complaint(error.description)
        }
    }
}

extension RedisURL.TLSOptions {
    fileprivate mutating func resolveFiles(_ resolve: (String) -> String) {
        (ca, cert, key) = (ca.map(resolve), cert.map(resolve), key.map(resolve))
    }
}
