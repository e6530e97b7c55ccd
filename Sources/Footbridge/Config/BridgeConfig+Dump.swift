internal import Curl
internal import JQ

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
            "admin.listen = \(admin.map { "\($0.listen)" } ?? "none")",
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
            "filter": filter.map(oneLine) ?? "none",
            "data_field": dataField ?? "none",
            "webhook.url": webhook.shownURL,
            "webhook.method": webhook.method,
            "webhook.headers": "{\(webhook.headers.map(\.shown).joined(separator: ", "))}",
            "webhook.body": webhook.body.dump,
            "webhook.content_type": webhook.contentType,
            "webhook.timeout": DurationText.format(webhook.timeout),
            "webhook.connect_timeout": DurationText.format(webhook.connectTimeout),
            "webhook.response_limit": SizeText.format(webhook.responseLimitBytes),
            "webhook.sign": webhook.sign.isEmpty ? "false" : webhook.sign.map { _ in "***" }.joined(separator: ", "),
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

/// A program may have several lines; each setting has one.
private func oneLine(_ program: String) -> String {
    let lines = program.split(whereSeparator: \.isNewline)
    // A comment would swallow what follows it.
    return lines.count == 1 && !program.contains("#") ? String(lines[0]) : "\(program.debugDescription)"
}

extension WebhookConfig {
    fileprivate var shownURL: String {
        let url = writtenURL
        return url.prefix { $0 != "?" } + (url.contains("?") ? "?***" : "")
    }
}

extension WebhookConfig.Header {
    /// What is fixed may be a secret; what is made from the entry is none of the configuration.
    fileprivate var shown: String { "\(name): \(template?.source { _ in "***" } ?? "***")" }
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
        case .typed: "typed"
        case .field(let name): "field \(name)"
        case .envelope: "envelope"
        case .form: "form"
        case .jq(let program): "jq \(oneLine(program))"
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
