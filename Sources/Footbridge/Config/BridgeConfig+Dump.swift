internal import Curl
internal import Webhooks

extension BridgeConfig {
    /// Every setting on a line of its own, `routes.orders.concurrency = 64`, defaults filled in, in the order of the docs.
    ///
    /// Shows no secret: signing secrets, headers' values, Redis' password and URLs' queries are `***`, and so are URLs'
    /// paths, as those of chat services are secrets.
    public var dump: String { dump(paths: false) }

    /// - Parameter paths: shows the paths of endpoints, too.
    public func dump(paths: Bool) -> String {
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
            lines += route.settings(paths: paths).map { "routes.\(route.name).\($0.key) = \($0.value)" }
        }
        return lines.joined(separator: "\n")
    }
}

extension RouteConfig {
    fileprivate func settings(paths: Bool) -> KeyValuePairs<String, String> {
        [
            "streams": "[\(streams.joined(separator: ", "))]",
            "group": group,
            "start": start.dump,
            "webhook.url": paths
                ? webhook.url.prefix { $0 != "?" } + (webhook.url.contains("?") ? "?***" : "") : webhook.endpoint,
            "webhook.method": webhook.method,
            "webhook.headers": "{\(webhook.headers.map { "\($0.name): ***" }.joined(separator: ", "))}",
            "webhook.body": webhook.body.dump,
            "webhook.content_type": webhook.contentType,
            "webhook.timeout": DurationText.format(webhook.timeout),
            "webhook.connect_timeout": DurationText.format(webhook.connectTimeout),
            "webhook.response_limit": SizeText.format(webhook.responseLimitBytes),
            "webhook.sign": webhook.sign.isEmpty ? "false" : webhook.sign.map { _ in "***" }.joined(separator: ", "),
            "webhook.sign.hmac": "[\(webhook.hmac.map(\.dump).joined(separator: "; "))]",
            "webhook.cloudevents": webhook.cloudEvents?.dump ?? "false",
            "webhook.idempotency_key": webhook.idempotencyHeader ?? "false",
            "webhook.traceparent": webhook.traceParent.dump,
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

extension HMACRule {
    /// `X-Signature: sha256 hex {signature} of {body}`.
    fileprivate var dump: String {
        let clock = timestampHeader.map { ", \($0): {timestamp}" } ?? ""
        return "\(header): \(algorithm.rawValue) \(encoding.rawValue) \(value) of \(content)\(clock)"
    }
}

extension CloudEventsConfig {
    /// The mode, and what is not as by default.
    fileprivate var dump: String {
        let named: KeyValuePairs = [
            "id": id, "source": source, "type": type, "subject": subject, "dataschema": dataSchema, "time": time,
        ]
        let own = named.map { ($0.key, $0.value) } + extensions.map { ("extensions.\($0.name)", $0.value) }
        return ([mode.rawValue] + own.compactMap { name, value in value.dump.map { "\(name): \($0)" } })
            .joined(separator: ", ")
    }
}

extension EventAttribute {
    fileprivate var dump: String? {
        switch self {
        case .standard: nil
        case .literal(let text): text
        case .field(let name): "field \(name)"
        }
    }
}

extension TraceParentConfig {
    fileprivate var dump: String {
        switch self {
        case .off: "false"
        case .create: "create"
        case .field(let name, let missing): "field \(name), missing: \(missing.rawValue)"
        }
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
