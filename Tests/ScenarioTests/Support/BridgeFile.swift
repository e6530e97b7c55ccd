/// A configuration of the bridge with the patience of a test: everything that waits does so for fractions of a second.
struct BridgeFile {
    struct Route {
        var name = "orders"
        var streams = ["orders"]
        var url = ""
        /// Keys of `webhook`, with their values as they stand in YAML's flow style.
        var webhook = ["timeout": "2s"]
        /// What stands in the place of `webhook`, with its key.
        var destination: String?
        /// Further keys of the route.
        var keys = [
            "start": "beginning", "claim_after": "10s", "drain_timeout": "5s",
            "retry": "{ attempts: 20, backoff: { initial: 100ms, factor: 1, max: 10s, jitter: 0 } }",
        ]
    }

    /// What stands behind `redis:`.
    var redis = ""
    var instance = "a"
    var workers = 1
    var level = "info"
    /// Further keys of `log`, as they stand in YAML's flow style.
    var log: [String: String] = [:]
    /// What stands behind `tracing:`, if anything does.
    var tracing: String?
    /// What stands behind `admin:`, if anything does.
    var admin: String?
    /// What stands behind `allow:`: receivers of scenarios are on this machine.
    var allow: String? = "[127.0.0.1]"
    var routes = [Route()]

    /// The route of a scenario that needs but one.
    var route: Route {
        get { routes[0] }
        set { routes[0] = newValue }
    }

    var text: String {
        let log =
            ["level: \(level)", "format: json"] + self.log.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        var lines = [
            "redis: \(redis)", "instance: \(instance)", "workers: \(workers)",
            "log: { \(log.joined(separator: ", ")) }",
        ]
        if let tracing { lines.append("tracing: \(tracing)") }
        if let allow { lines.append("allow: \(allow)") }
        if let admin { lines.append("admin: \(admin)") }
        lines.append("routes:")
        for route in routes {
            let streams = route.streams.map { "\"\($0)\"" }.joined(separator: ", ")
            lines += ["  \(route.name):", "    streams: [\(streams)]"]
            if let destination = route.destination {
                lines.append("    \(destination)")
            } else {
                lines += ["    webhook:", "      url: '\(route.url)'"]
                lines += route.webhook.sorted { $0.key < $1.key }.map { "      \($0.key): \($0.value)" }
            }
            lines += route.keys.sorted { $0.key < $1.key }.map { "    \($0.key): \($0.value)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension BridgeFile.Route {
    /// `retry` with waits that do not grow and are not jittered.
    mutating func retry(attempts: Int, every wait: String, giveUp: String = "when_others_pass") {
        let backoff = "{ initial: \(wait), factor: 1, max: \(wait), jitter: 0 }"
        keys["retry"] = "{ attempts: \(attempts), backoff: \(backoff), give_up: \(giveUp) }"
    }
}
