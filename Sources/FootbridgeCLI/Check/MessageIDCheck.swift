import Footbridge

/// Where a receiver that drops what it has seen would drop what it has not: entries that share a `webhook-id`.
///
/// The id is made of namespace, stream and entry. So within one file it is shared by routes that send entries of one stream
/// to one URL; across files it is shared by equal streams of different servers and databases, which only their owner can know of.
enum MessageIDCheck {
    static func findings(_ config: BridgeConfig) -> [Finding] {
        sharedURLs(config.routes) + embedded(config)
    }

    private static func sharedURLs(_ routes: [RouteConfig]) -> [Finding] {
        var findings: [Finding] = []
        for (index, route) in routes.enumerated() {
            guard let target = target(of: route) else { continue }
            for earlier in routes[..<index] where Self.target(of: earlier) == target {
                guard let stream = route.streams.first(where: earlier.streams.contains) else { continue }
                findings.append(
                    Finding(
                        .warn,
                        "routes \(earlier.name) and \(route.name) send entries of \(stream) to one URL with equal "
                            + "webhook-ids: a receiver that drops repeats drops one of the two; "
                            + "give each route a URL of its own"))
            }
        }
        return findings
    }

    /// `nil` for a route whose entries have no `webhook-id`. Scheme, host and path: receivers keep the ids that they have seen per endpoint, not per query.
    private static func target(of route: RouteConfig) -> Substring? {
        route.webhook?.writtenURL.prefix { $0 != "?" }
    }

    /// Every bridge with this file has a server of its own, and streams of the same name in it.
    private static func embedded(_ config: BridgeConfig) -> [Finding] {
        let hasWebhooks = config.routes.contains { $0.webhook != nil }
        guard case .embedded = config.redis, config.namespace == nil, hasWebhooks else { return [] }
        return [
            Finding(
                .note,
                "redis: embedded without a namespace: if several bridges have this file and one receiver, "
                    + "write a namespace that differs, or entries of two of them can share a webhook-id")
        ]
    }
}
