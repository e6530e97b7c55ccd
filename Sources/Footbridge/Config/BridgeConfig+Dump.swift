internal import FootbridgeCurl
internal import FootbridgeJQ
internal import FootbridgeWebhooks
internal import RedisStreams

extension BridgeConfig {
    /// Every setting on a line of its own, `routes.orders.concurrency = 64`, defaults filled in, in the order of the docs.
    ///
    /// Shows no secret: signing secrets, headers' values, Redis' password and URLs' queries are `***`, and so are URLs'
    /// paths, as those of chat services are secrets.
    public var dump: String { dump(paths: false) }

    /// - Parameter paths: shows the paths of endpoints, too.
    public func dump(paths: Bool) -> String {
        var lines: [String] = []
        lines += redis.settings.map { "\($0) = \($1)" }
        if let waitForAck {
            lines += [
                "redis.wait_for_ack.replicas = \(waitForAck.replicas)",
                "redis.wait_for_ack.timeout = \(DurationText.format(waitForAck.timeout))",
            ]
        }
        lines += [
            "instance = \(instance)", "namespace = \(namespace ?? "none")", "workers = \(workers)",
            "log.level = \(log.level)", "log.format = \(log.format)", "log.deliveries = \(log.deliveries)",
            "log.urls = \(log.urls)", "admin.listen = \(admin.map { "\($0.listen)" } ?? "none")",
            "admin.token = \(admin?.token == nil ? "none" : "***")",
        ]
        lines += tracing?.settings(paths: paths) ?? ["tracing = none"]
        lines.append("allow = \(allow)")
        for route in routes {
            lines += route.settings(paths: paths).map { "routes.\(route.name).\($0.key) = \($0.value)" }
        }
        return lines.joined(separator: "\n")
    }
}

extension TracingConfig {
    fileprivate func settings(paths: Bool) -> [String] {
        [
            "tracing.otlp = \(paths ? url : WebhookConfig.withoutPath(url))",
            "tracing.headers = {\(headers.map(\.shown).joined(separator: ", "))}",
            "tracing.ca = \(authorityFile ?? "none")", "tracing.sample = \(sample)",
            "tracing.service_name = \(serviceName)",
        ]
    }
}

private typealias Settings = [(key: String, value: String)]

extension RedisSource {
    fileprivate var settings: Settings {
        switch self {
        case .embedded(let embedded): [("redis", "embedded")] + embedded.settings
        case .url(let url): [("redis.url", "\(url)")]
        case .sentinel(let sentinel, let url):
            [
                ("redis.url", "\(url)"), ("redis.sentinel.master", sentinel.master),
                ("redis.sentinel.nodes", "[\(sentinel.nodes.map(\.description).joined(separator: ", "))]"),
            ]
        }
    }
}

extension EmbeddedConfig {
    fileprivate var settings: Settings {
        [
            ("redis.embedded.directory", directory ?? "one for each configuration"),
            ("redis.embedded.socket", socket ?? "in the state directory"),
            ("redis.embedded.socket_mode", "0" + String(socketMode, radix: 8)),
            ("redis.embedded.socket_group", socketGroup ?? "none"),
            ("redis.embedded.listen", listen.map { "\($0)" } ?? "none"),
            ("redis.embedded.password", password == nil ? "none" : "***"),
        ]
    }
}

extension RouteConfig {
    fileprivate func settings(paths: Bool) -> Settings {
        let source: KeyValuePairs<String, String> = [
            "streams": "[\(streams.joined(separator: ", "))]",
            "group": group,
            "start": start.dump,
            "filter": filter.map(oneLine) ?? "none",
            "data_field": dataField ?? "none",
            "ordering": ordering.name,
            "key": ordering.program.map(oneLine) ?? "none",
            "on_dead": onDead.rawValue,
        ]
        let treatment: KeyValuePairs<String, String> = [
            "concurrency": concurrency.dump,
            "rate": rate.map { "\(RateText.format($0.perSecond)), burst \($0.burst), scope \($0.scope.rawValue)" }
                ?? "none",
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
            "dead_letter": streams.map { deadLetterStream(of: $0) ?? "false" }.uniqued().joined(separator: ", "),
            "claim_after": DurationText.format(claimAfter),
            "take_over": takeOver.rawValue,
            "drain_timeout": DurationText.format(drainTimeout),
            "trim": trim.map { "keep \($0.keep), only settled" } ?? "false",
        ]
        return source.map { $0 } + destination.settings(paths: paths) + treatment.map { $0 }
    }
}

extension Concurrency {
    fileprivate var dump: String {
        switch self {
        case .fixed(let count): "\(count)"
        case .auto(let maximum): "auto, max \(maximum)"
        }
    }
}

extension Destination {
    fileprivate func settings(paths: Bool) -> Settings {
        switch self {
        case .webhook(let webhook): webhook.settings(paths: paths).map { $0 }
        case .publish(let publish):
            [
                ("publish.channel", "\(publish.channel)"), ("publish.shard", "\(publish.shard)"),
                ("publish.body", publish.body.dump),
            ] + Self.settings(publish.redis, of: "publish")
        case .append(let append):
            [
                ("append.stream", "\(append.stream)"), ("append.max_length", append.maximumLength),
                ("append.max_age", append.maximumAge), ("append.exact", "\(append.isExact)"),
                ("append.fields", append.fields.dump), ("append.entries", append.entries.map(oneLine) ?? "none"),
            ] + Self.settings(append.redis, of: "append")
        }
    }

    private static func settings(_ redis: RedisSource?, of kind: String) -> Settings {
        guard let redis else { return [("\(kind).redis", "the bridge's")] }
        return redis.settings.map { ("\(kind).\($0.key)", $0.value) }
    }
}

extension BatchConfig {
    fileprivate var dump: String {
        "\(format), max_entries \(maximumEntries), max_bytes \(SizeText.format(maximumBytes)), "
            + "max_wait \(DurationText.format(maximumWait))\(isPerKey ? ", per key" : "")"
    }
}

extension AppendConfig {
    fileprivate var maximumLength: String { if case .length(let count) = trimming { "\(count)" } else { "none" } }
    fileprivate var maximumAge: String {
        if case .age(let age) = trimming { DurationText.format(age) } else { "none" }
    }
}

extension FieldSelection {
    fileprivate var dump: String {
        switch self {
        case .all: "all"
        case .some(let picks): "{\(picks.map { "\($0.name): \($0.field)" }.joined(separator: ", "))}"
        }
    }
}

extension WebhookConfig {
    fileprivate func settings(paths: Bool) -> KeyValuePairs<String, String> {
        [
            "webhook.url": shownURL(paths: paths),
            "webhook.endpoint": endpointKey.map(oneLine) ?? (isHostFromEntry ? "scheme, host and port" : "the URL"),
            "webhook.method": method,
            "webhook.headers": "{\(headers.map(\.shown).joined(separator: ", "))}",
            "webhook.body": body.dump,
            "webhook.batch": batch?.dump ?? "false",
            "webhook.content_type": contentType,
            "webhook.timeout": DurationText.format(timeout),
            "webhook.connect_timeout": DurationText.format(connectTimeout),
            "webhook.response_limit": SizeText.format(responseLimitBytes),
            "webhook.sign": sign.isEmpty ? "false" : sign.map { _ in "***" }.joined(separator: ", "),
            "webhook.sign.hmac": "[\(hmac.map(\.dump).joined(separator: "; "))]",
            "webhook.auth": auth.map { "\($0.name) ***" } ?? "false",
            "webhook.accept.status": "\(statuses.statuses(.delivered))",
            "webhook.accept.body": acceptBody.map(oneLine) ?? "none",
            "webhook.accept.failed": acceptFailed.map(oneLine) ?? "none",
            "webhook.statuses": statuses.dump,
            "webhook.allow": connection.addressGuard.map { "\($0)" } ?? "any",
            "webhook.http_version": connection.httpVersion == .http2 ? "2" : "1.1",
            "webhook.proxy": connection.proxy.map { ProxyText.masked($0) } ?? "none",
            "webhook.unix_socket": connection.unixSocket ?? "none",
            "webhook.tls": connection.tls.dump,
            "webhook.cloudevents": cloudEvents?.dump ?? "false",
            "webhook.idempotency_key": idempotencyHeader ?? "false",
            "webhook.traceparent": traceParent.dump,
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

/// A program may have several lines; each setting has one.
private func oneLine(_ program: String) -> String {
    let lines = program.split(whereSeparator: \.isNewline)
    // A comment would swallow what follows it.
    return lines.count == 1 && !program.contains("#") ? String(lines[0]) : "\(program.debugDescription)"
}

extension WebhookConfig {
    func shownURL(paths: Bool) -> String {
        let url = writtenURL
        guard paths else { return Self.withoutPath(url) }
        return url.prefix { $0 != "?" } + (url.contains("?") ? "?***" : "")
    }
}

extension WebhookConfig.Header {
    /// What is fixed may be a secret; what is made from the entry is none of the configuration.
    fileprivate var shown: String { "\(name): \(template?.source { _ in "***" } ?? "***")" }
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
        return
            ([mode.rawValue] + own.compactMap { name, value in value.dump.map { "\(name): \($0)" } }
            + [handshake.map { "handshake: \($0)" }].compactMap(\.self))
            .joined(separator: ", ")
    }
}

extension EventAttribute {
    fileprivate var dump: String? {
        switch self {
        case .standard: nil
        case .literal(let text): text
        case .field(let name): "field \(name)"
        case .template(let template): oneLine(template.template.source())
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
