internal import FootbridgeCurl
internal import FootbridgeWebhooks
public import RedisStreams

/// One entry of one route, outside of a bridge: what would be sent, and what the receiver says to it. Acknowledges nothing.
public struct Trial: Sendable {
    private let route: RouteConfig
    private let namespace: String?
    private let urls: LoggedURLs

    /// - Parameter urls: what is shown of the URL, besides that no secret is.
    public init(route: RouteConfig, namespace: String?, urls: LoggedURLs = .full) {
        self.route = route
        self.namespace = namespace
        self.urls = urls
    }

    /// A request as people may see it: what may be secret in it is `***`.
    public struct Request: Sendable, Equatable {
        public var method: String
        public var url: String
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]

        public static func == (left: Request, right: Request) -> Bool {
            left.method == right.method && left.url == right.url && left.body == right.body
                && left.headers.elementsEqual(right.headers, by: ==)
        }
    }

    /// A Redis command as people may see it.
    public struct Command: Sendable, Equatable {
        /// `PUBLISH events`, `XADD invoices *`.
        public var head: String
        /// Of a message; empty for an entry.
        public var body: [UInt8]
        /// Of each entry.
        public var entries: [EntryFields]
    }

    /// What becomes of an entry before anything is sent.
    public enum Shape: Sendable, Equatable {
        /// The filter does not pass it.
        case filtered
        case request(Request)
        case command(Command)
        /// The reason of its dead letter.
        case impossible(DeadLetterReason)
    }

    /// How the receiver answered.
    public struct Answer: Sendable, Equatable {
        /// `delivered (204)`.
        public var outcome: String
        public var isDelivered: Bool
        public var duration: Duration
        /// Its first 4 KiB.
        public var body: [UInt8]
    }

    /// - Parameter stream: the place of the entry's stream in the route.
    /// - Throws: if libjq or OpenSSL refuse what the route asks for.
    public func shape(_ entry: StreamEntry, stream: Int) throws -> Shape {
        let shaper = try Shaper.make(for: route)
        guard let delivery = Self.delivery(of: entry, stream, route) else { return .impossible(.trimmed) }
        do {
            try shaper?.begin(delivery)
            defer { shaper?.end() }
            if let shaper, try !shaper.passes() { return .filtered }
            return try shaped(delivery, shaper)
        } catch let error as UnmakeableRequest {
            return .impossible(error.reason)
        }
    }

    /// What keeps an entry in order, as JSON; `nil` if the route has no order by key.
    ///
    /// - Throws: if libjq refuses what the route asks for.
    public func key(of entry: StreamEntry, stream: Int) throws -> String? {
        guard let program = route.ordering.program else { return nil }
        do {
            return try OrderKey(program, of: route).shown(
                of: EntryKey(stream: stream, id: entry.id), entry.fields)
        } catch let error as UnmakeableRequest {
            return "none: \(error)"
        }
    }

    private func shaped(_ delivery: Delivery, _ shaper: Shaper?) throws -> Shape {
        switch route.destination {
        case .webhook(let webhook):
            var writer = try RequestWriter(webhook, of: route, namespace: namespace, shaper: shaper)
            try writer.write(delivery, timestamp: Self.wallSeconds)
            return .request(try shown(webhook, writer.buffer, shaper))
        case .publish(let publish):
            var body: [UInt8] = []
            try BodyWriter(publish.body, streams: route.streams, shaper: shaper).write(delivery, into: &body)
            let channel = try name(publish.channel, shaper)
            return .command(
                Command(head: "\(publish.command) \(channel)", body: body, entries: []))
        case .append(let append):
            let stream = try name(append.stream, shaper)
            return .command(
                Command(
                    head: "XADD \(stream) *", body: [],
                    entries: try shaper?.entries() ?? [append.fields.applied(to: delivery.fields)]))
        }
    }

    private func name(_ target: TargetName, _ shaper: Shaper?) throws -> String {
        var name = Array(target.text.utf8)
        try shaper?.writeName(to: &name)
        return String(decoding: name, as: UTF8.self)
    }

    /// Sends the request that `shape` shows.
    ///
    /// - Returns: `nil` if the filter does not pass it, or no request can be made; always for routes without a webhook.
    /// - Throws: if libcurl, libjq or OpenSSL refuse what the route asks for.
    public func send(_ entry: StreamEntry, stream: Int) async throws -> Answer? {
        let loop = try CurlLoop(name: "try")
        let (route, namespace) = (route, namespace)
        let answer: Result<Answer?, any Error> = await withCheckedContinuation { continuation in
            loop.post {
                do {
                    try Self.start(entry, stream, route, namespace, on: loop) {
                        continuation.resume(returning: .success($0))
                    }
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        await loop.stop()
        return try answer.get()
    }

    private static func start(
        _ entry: StreamEntry, _ stream: Int, _ route: RouteConfig, _ namespace: String?, on loop: CurlLoop,
        _ completion: @escaping (Answer?) -> Void
    ) throws {
        guard case .webhook(let webhook) = route.destination else { return completion(nil) }
        let shaper = try Shaper.make(for: route)
        let sink: any Sink
        if case .oauth2(let config) = webhook.auth {
            sink = try OAuth2Sink(webhook, of: route, config, namespace: namespace, shaper: shaper, loop: loop)
        } else {
            sink = try WebhookSink(webhook, of: route, namespace: namespace, shaper: shaper, loop: loop)
        }
        func answer(_ report: DeliveryReport) -> Answer {
            var isDelivered = false
            if case .delivered = report.outcome { isDelivered = true }
            let cause = report.likelyCause.map { ": \($0)" } ?? ""
            return Answer(
                outcome: "\(report.outcome)\(cause)", isDelivered: isDelivered,
                duration: .nanoseconds(report.nanoseconds), body: report.response)
        }
        guard let delivery = delivery(of: entry, stream, route) else { return completion(nil) }
        do throws(UnmakeableRequest) {
            try shaper?.begin(delivery)
            defer { shaper?.end() }
            if let shaper, try !shaper.passes() { return completion(nil) }
            // It keeps itself until it is told.
            sink.onFinish = { _, report in
                sink.onFinish = { _, _ in }
                completion(answer(report))
            }
            if let report = try sink.start(delivery) {
                sink.onFinish = { _, _ in }
                completion(answer(report))
            }
        } catch {
            sink.onFinish = { _, _ in }
            completion(nil)
        }
    }

    private static func delivery(of entry: StreamEntry, _ stream: Int, _ route: RouteConfig) -> Delivery? {
        var table = EntryTable(streams: route.streams.count)
        let key = EntryKey(stream: stream, id: entry.id)
        return table.queue(key, entry.fields).map { Delivery(row: $0, key: key, fields: entry.fields, attempt: 1) }
    }

    private static var wallSeconds: Int64 { WallClock.milliseconds / 1000 }

    private func shown(
        _ webhook: WebhookConfig, _ buffer: RequestBuffer, _ shaper: Shaper?
    ) throws(UnmakeableRequest) -> Request {
        let made = try shaper?.shownLines()
        func split(_ line: some StringProtocol) -> (name: String, value: String) {
            let name = line.prefix { !":;".contains($0) }
            return (String(name), String(line.dropFirst(name.count + 2)))
        }
        // What the configuration says itself may be secret, and a signature that is shown can be sent by others.
        let secret = Set(
            (webhook.headers.map(\.name) + RequestWriter.credentials(webhook.auth).map { split($0).name }
                + webhook.hmac.map(\.header) + ["webhook-signature"]).map { $0.lowercased() })
        func masked(_ line: (name: String, value: String)) -> (name: String, value: String) {
            (line.name, secret.contains(line.name.lowercased()) ? "***" : line.value)
        }
        var headers = RequestWriter.fixedHeaders(webhook).map { masked(split($0)) }
        headers += made?.headers ?? []
        let names = Set(webhook.headers.filter { $0.template != nil }.map { $0.name.lowercased() })
        for line in buffer.lines {
            let line = split(line)
            if !names.contains(line.name.lowercased()) { headers.append(masked(line)) }
        }
        return Request(
            method: webhook.method, url: shownURL(of: webhook, made: made?.url), headers: headers, body: buffer.body)
    }

    /// - Parameter made: what programs made of it, its secrets masked.
    private func shownURL(of webhook: WebhookConfig, made: String?) -> String {
        if webhook.isURLSecret { return webhook.endpoint }
        if urls == .masked { return WebhookConfig.withoutPath(made ?? webhook.url) }
        guard let made else { return QueryMask.masked(webhook.requestURL, isInQuery: false) }
        guard let parameter = webhook.auth?.queryParameter else { return made }
        return made + QueryMask.masked("\(made.contains("?") ? "&" : "?")\(parameter)", isInQuery: made.contains("?"))
    }
}
