/// What a new configuration means for a bridge that runs with another: a pure function of the two.
struct ReloadPlan: Equatable {
    /// Keys that are read at the start only and have changed. If there are any, nothing is changed.
    var fixed: [String] = []
    /// Routes, by name, in the order of the new configuration.
    var kept: [String] = []
    /// Kept, with other secrets in their requests from the next one on.
    var renewed: [String] = []
    /// These end under the old rule, and begin anew under the other.
    var changed: [String] = []
    var added: [String] = []
    /// In the order of the old configuration.
    var removed: [String] = []
    /// For each route that begins, the old ones that have to be gone before: they read a stream of its in its group, under the
    /// consumer's name that it will have.
    var predecessors: [String: Set<String>] = [:]

    init(from old: BridgeConfig, to new: BridgeConfig) {
        fixed = Self.fixed(old, new)
        let before = Dictionary(old.routes.map { ($0.name, $0) }) { first, _ in first }
        let names = Set(new.routes.map(\.name))
        removed = old.routes.map(\.name).filter { !names.contains($0) }
        for route in new.routes {
            switch before[route.name] {
            case nil: added.append(route.name)
            case route?: kept.append(route.name)
            case let was? where was.differsInSecretsOnly(from: route): renewed.append(route.name)
            case _?: changed.append(route.name)
            }
        }
        let leaving = old.routes.filter { leaves($0.name) }
        for route in new.routes where begins(route.name) {
            predecessors[route.name] = Set(leaving.filter { $0.reads(like: route) }.map(\.name))
        }
    }

    /// Whether a route of the old configuration ends.
    func leaves(_ name: String) -> Bool { removed.contains(name) || changed.contains(name) }

    /// Whether a route of the new configuration begins.
    func begins(_ name: String) -> Bool { added.contains(name) || changed.contains(name) }

    /// Every field of `BridgeConfig` is here, or belongs to the routes (`ReloadPlanTests` counts them).
    private static func fixed(_ old: BridgeConfig, _ new: BridgeConfig) -> [String] {
        var keys: [String] = []
        if old.redis != new.redis { keys.append("redis") }
        if old.waitForAck != new.waitForAck { keys.append("redis.wait_for_ack") }
        if old.instance != new.instance { keys.append("instance") }
        if old.namespace != new.namespace { keys.append("namespace") }
        if old.workers != new.workers { keys.append("workers") }
        if old.log.format != new.log.format { keys.append("log.format") }
        if old.log.deliveries != new.log.deliveries { keys.append("log.deliveries") }
        if old.log.urls != new.log.urls { keys.append("log.urls") }
        if old.tracing != new.tracing { keys.append("tracing") }
        if old.admin != new.admin { keys.append("admin") }
        if keys.isEmpty, !old.equalsBesideRoutes(new) { keys.append("a setting beside routes") }
        return keys
    }
}

extension BridgeConfig {
    /// `allow` is a part of each route, the log's level can change, and advice is a part of nothing.
    fileprivate func equalsBesideRoutes(_ other: BridgeConfig) -> Bool {
        var copy = other
        (copy.routes, copy.allow, copy.advice) = (routes, allow, advice)
        copy.log.level = log.level
        return copy == self
    }
}

extension RouteConfig {
    /// Whether both would be the same consumer of a group.
    fileprivate func reads(like other: RouteConfig) -> Bool {
        group == other.group && !Set(streams).isDisjoint(with: other.streams)
    }

    /// Whether it is enough to give the requests other secrets.
    fileprivate func differsInSecretsOnly(from other: RouteConfig) -> Bool {
        guard case .webhook(var webhook) = destination, case .webhook(let changed) = other.destination else {
            return false
        }
        webhook.takeSecrets(of: changed)
        var copy = self
        copy.destination = .webhook(webhook)
        return copy == other
    }
}
