internal import Curl
internal import Webhooks

extension BridgeConfig {
    /// Every setting on a line of its own, `routes.orders.concurrency = 64`, defaults filled in, in the order of the docs.
    ///
    /// Shows no secret: signing secrets, headers' values, Redis' password and URLs' queries are `***`.
    public var dump: String {
        var lines: [String] = []
        switch redis {
        case .embedded: lines.append("redis = embedded")
        case .url(let url): lines.append("redis.url = \(url)")
        case .sentinel(let sentinel, let url):
            lines += [
                "redis.url = \(url)", "redis.sentinel.master = \(sentinel.master)",
                "redis.sentinel.nodes = [\(sentinel.nodes.map(\.description).joined(separator: ", "))]",
            ]
        }
        if let waitForAck {
            lines += [
                "redis.wait_for_ack.replicas = \(waitForAck.replicas)",
                "redis.wait_for_ack.timeout = \(DurationText.format(waitForAck.timeout))",
            ]
        }
        lines += [
            "instance = \(instance)", "namespace = \(namespace ?? "none")", "workers = \(workers)",
            "log.level = \(log.level)", "log.format = \(log.format)",
            "admin.listen = \(admin.map { "\($0.listen)" } ?? "none")", "allow = \(allow)",
        ]
        for route in routes {
            lines += route.settings.map { "routes.\(route.name).\($0.key) = \($0.value)" }
        }
        return lines.joined(separator: "\n")
    }
}

extension RouteConfig {
    fileprivate var settings: KeyValuePairs<String, String> {
        [
            "streams": "[\(streams.joined(separator: ", "))]",
            "group": group,
            "start": start.dump,
            "webhook.url": webhook.url.prefix { $0 != "?" } + (webhook.url.contains("?") ? "?***" : ""),
            "webhook.method": webhook.method,
            "webhook.headers": "{\(webhook.headers.map { "\($0.name): ***" }.joined(separator: ", "))}",
            "webhook.body": webhook.body.dump,
            "webhook.content_type": webhook.contentType,
            "webhook.timeout": DurationText.format(webhook.timeout),
            "webhook.connect_timeout": DurationText.format(webhook.connectTimeout),
            "webhook.response_limit": SizeText.format(webhook.responseLimitBytes),
            "webhook.sign": webhook.sign.isEmpty ? "false" : webhook.sign.map { _ in "***" }.joined(separator: ", "),
            "webhook.auth": webhook.auth.map { "\($0.name) ***" } ?? "false",
            "webhook.accept.status": "\(webhook.statuses.statuses(.delivered))",
            "webhook.statuses": webhook.statuses.dump,
            "webhook.allow": webhook.connection.addressGuard.map { "\($0)" } ?? "any",
            "webhook.http_version": webhook.connection.httpVersion == .http2 ? "2" : "1.1",
            "webhook.proxy": webhook.connection.proxy.map { ProxyText.masked($0) } ?? "none",
            "webhook.unix_socket": webhook.connection.unixSocket ?? "none",
            "webhook.tls": webhook.connection.tls.dump,
            "concurrency": "\(concurrency)",
            "retry.attempts": "\(retry.attempts)",
            "retry.backoff.initial": DurationText.format(retry.backoff.initial),
            "retry.backoff.factor": NumberText.format(retry.backoff.factor),
            "retry.backoff.max": DurationText.format(retry.backoff.maximum),
            "retry.backoff.jitter": NumberText.format(retry.backoff.jitter),
            "retry.schedule":
                retry.schedule.isEmpty
                ? "none" : "[\(retry.schedule.map(DurationText.format).joined(separator: ", "))]",
            "retry.max_age": retry.maximumAge.map(DurationText.format) ?? "none",
            "retry.give_up": retry.giveUp.rawValue,
            "retry.retry_after_max": DurationText.format(retry.maximumRetryAfter),
            "max_parked": "\(maximumParked)",
            "dead_letter": streams.map { deadLetter.name(for: $0) ?? "false" }.uniqued().joined(separator: ", "),
            "claim_after": DurationText.format(claimAfter),
            "take_over": takeOver.rawValue,
            "drain_timeout": DurationText.format(drainTimeout),
        ]
    }
}

extension StatusKinds {
    fileprivate var dump: String {
        let lists = Kind.allCases.filter { $0 != .delivered && !statuses($0).isEmpty }
        return "{\(lists.map { "\($0.rawValue): \(statuses($0))" }.joined(separator: ", "))}"
    }
}

extension TLSOptions {
    fileprivate var dump: String {
        let settings: KeyValuePairs<String, String?> = [
            "ca": authorityFile, "cert": certificateFile, "key": keyFile,
            "key_password": keyPassword.map { _ in "***" },
            "min_version": minimumVersion.rawValue, "server_name": serverName, "insecure": isInsecure ? "true" : nil,
        ]
        return "{\(settings.compactMap { key, value in value.map { "\(key): \($0)" } }.joined(separator: ", "))}"
    }
}

extension GroupStart {
    fileprivate var dump: String {
        switch self {
        case .new: "new"
        case .beginning: "beginning"
        case .id(let id): "id \(id)"
        case .time(let milliseconds): "time \(milliseconds)"
        }
    }
}

extension BodyFormat {
    fileprivate var dump: String {
        switch self {
        case .fields: "fields"
        case .field(let name): "field \(name)"
        }
    }
}

extension [String] {
    /// The first of equal ones, in order.
    fileprivate func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
