internal import FootbridgeCurl
internal import FootbridgeRedis
internal import FootbridgeWebhooks
internal import RedisStreams

/// The spans of one route: one for each attempt, with the `traceparent` that goes out with it.
///
/// An entry belongs to the trace that its field names, or to one of its own, which is the same for all its attempts wherever they
/// are made. A request that carries several entries begins a trace, with a link to that of each. There is none of these where
/// nothing is traced. Belongs to the worker's loop.
final class RouteTracer {
    private struct Span {
        var context: TraceContext
        /// Of the entry's field; `nil`: the trace begins here.
        var parent: UInt64?
        let startedAt: MonotonicTime
        /// Milliseconds since 1970.
        let start: Int64
        let key: EntryKey
        let attempt: Int
        /// Of the entries of a request that carries several.
        var links: [Link] = []
        var entries = 1
    }

    private struct Link {
        let context: TraceContext
        let id: EntryID
    }

    private let route: RouteConfig
    private let exporter: SpanExporter
    private let loop: CurlLoop
    private let sample: Share
    private let field: [UInt8]
    private let hashes: [EntryHash]
    private let text: RouteSpanText
    private var random = RandomIDs()
    /// The one that was begun last: whether its request starts is not known yet.
    private var begun: (row: EntryTable.Row, span: Span)?
    private var active: [EntryTable.Row: Span] = [:]

    /// As many as the SDKs of OpenTelemetry keep.
    private static let mostLinks = 128

    init(_ route: RouteConfig, sample: Share, exporter: SpanExporter, worker: WorkerContext) throws {
        (self.route, self.exporter, self.sample, loop) = (route, exporter, sample, worker.loop)
        if case .field(let name, _) = route.webhook?.traceParent {
            field = Array(name.utf8)
        } else {
            field = Array("traceparent".utf8)
        }
        hashes = try route.streams.map { try EntryHash(stream: $0.utf8, namespace: worker.namespace) }
        text = RouteSpanText(route, urls: worker.log.urls, redis: "\(worker.target.socket)")
    }

    // MARK: - Beginning

    /// To be called before the request is made.
    func begin(_ delivery: Delivery) {
        let (context, parent) = place(of: delivery.key, delivery.fields)
        begun = (
            delivery.row,
            Span(
                context: context, parent: parent, startedAt: loop.now, start: loop.wallMilliseconds, key: delivery.key,
                attempt: delivery.attempt)
        )
    }

    /// The same for a request that carries several, by its first.
    func begin(_ entries: [(row: EntryTable.Row, key: EntryKey, fields: EntryFields)], attempt: Int) {
        guard let first = entries.first else { return }
        let links = entries.lazy.map { Link(context: self.place(of: $0.key, $0.fields, isLink: true).0, id: $0.key.id) }
            .filter(\.context.isSampled)
        let trace = TraceContext.TraceID(high: random.next(), low: random.next())
        var span = Span(
            context: TraceContext(trace: trace, span: random.nextID(), isSampled: false), startedAt: loop.now,
            start: loop.wallMilliseconds, key: first.key, attempt: attempt)
        span.links = Array(links.prefix(Self.mostLinks))
        span.context.isSampled = !span.links.isEmpty
        span.entries = entries.count
        begun = (first.row, span)
    }

    /// - Parameter isLink: what stands for the entry itself, and not for an attempt.
    private func place(of key: EntryKey, _ fields: EntryFields, isLink: Bool = false) -> (TraceContext, parent: UInt64?)
    {
        if let value = value(in: fields), var context = TraceContext(traceParent: value) {
            let parent = context.span
            if !isLink { context.span = random.nextID() }
            return (context, parent)
        }
        let trace = hashes[key.stream].traceID(milliseconds: key.id.milliseconds, sequence: key.id.sequence)
        // A link has to name a span. There is none yet that all attempts have in common, so it is one that nobody has.
        let span = isLink ? trace.high | 1 : random.nextID()
        return (TraceContext(trace: trace, span: span, isSampled: sample.includes(trace.randomness)), nil)
    }

    /// Of the entry's field.
    private func value(in fields: EntryFields) -> ArraySlice<UInt8>? {
        let index = field.withUnsafeBytes { name in
            fields.withUnsafeFields { pairs in
                pairs.firstIndex { $0.name.count == name.count && $0.name.elementsEqual(name) }
            }
        }
        return index.map { fields[$0].value }
    }

    /// The request that was begun last is under way.
    func didStart(_ row: EntryTable.Row) {
        guard let begun, begun.row == row else { return }
        active[row] = begun.span
        self.begun = nil
    }

    /// To be called while the request of this row is made, which may be long after it was begun.
    func addHeader(of row: EntryTable.Row, to buffer: inout RequestBuffer) {
        guard let context = begun?.row == row ? begun?.span.context : active[row]?.context else { return }
        buffer.addHeader("traceparent") { context.append(to: &$0) }
    }

    // MARK: - The end

    /// - Parameter endpoint: its name.
    func didFinish(_ row: EntryTable.Row, _ report: DeliveryReport, endpoint: String) {
        guard let span = active.removeValue(forKey: row), span.context.isSampled else { return }
        let nanoseconds = max(0, (loop.now - span.startedAt).wholeNanoseconds)
        exporter.add { write(span, report, nanoseconds, endpoint, to: &$0) }
    }

    private func write(
        _ span: Span, _ report: DeliveryReport, _ nanoseconds: Int64, _ endpoint: String, to out: inout [UInt8]
    ) {
        let (context, start) = (span.context, span.start * 1_000_000)
        out.append(UInt8(ascii: "{"))
        SpanText.append(member: "traceId", { context.trace.append(to: &$0) }, to: &out)
        SpanText.append(member: "spanId", { $0.appendHexadecimal(context.span) }, to: &out)
        if let parent = span.parent {
            SpanText.append(member: "parentSpanId", { $0.appendHexadecimal(parent) }, to: &out)
        }
        SpanText.append(member: "startTimeUnixNano", { $0.appendDecimal(start) }, to: &out)
        SpanText.append(member: "endTimeUnixNano", { $0.appendDecimal(start + nanoseconds) }, to: &out)
        // Sampled; and whether its parent is another process's, which is known (opentelemetry/proto/trace/v1, SpanFlags).
        out.append(contentsOf: span.parent == nil ? #""flags":257,"#.utf8 : #""flags":769,"#.utf8)
        out.append(contentsOf: text.constant(ofStream: span.key.stream))
        if text.hasManyEndpoints { text.append(endpoint: endpoint, to: &out) }
        if span.entries == 1 {
            SpanText.append("messaging.message.id", plain: { Self.append(span.key.id, to: &$0) }, to: &out)
        } else {
            SpanText.append("messaging.batch.message_count", .number(span.entries), to: &out)
        }
        SpanText.append("footbridge.attempt", .number(span.attempt), to: &out)
        if text.isHTTP, span.attempt > 1 {
            SpanText.append("http.request.resend_count", .number(span.attempt - 1), to: &out)
        }
        let isOpen = report.settlement == .open || report.settlement == .acknowledged
        SpanText.append(
            "footbridge.outcome",
            plain: { out in
                (isOpen ? report.outcome.kind : "undecided").withUTF8Buffer { out.append(contentsOf: $0) }
            }, to: &out)
        if text.isHTTP, let status = report.outcome.status {
            SpanText.append("http.response.status_code", .number(status), to: &out)
        }
        var isFailure = !isOpen
        if case .delivered = report.outcome {} else { isFailure = true }
        if isFailure {
            SpanText.append("error.type", .text(isOpen ? report.outcome.errorType : "undecided"), to: &out)
        }
        out.append(UInt8(ascii: "]"))
        append(span.links, of: span.entries, to: &out)
        if isFailure {
            out.append(contentsOf: #","status":{"code":2,"message":"#.utf8)
            SpanText.append("\(report.outcome)", to: &out)
            out.append(UInt8(ascii: "}"))
        }
        out.append(UInt8(ascii: "}"))
    }

    private func append(_ links: [Link], of entries: Int, to out: inout [UInt8]) {
        guard !links.isEmpty else { return }
        out.append(contentsOf: #","links":["#.utf8)
        for (index, link) in links.enumerated() {
            out.append(contentsOf: index == 0 ? "{".utf8 : ",{".utf8)
            SpanText.append(member: "traceId", { link.context.trace.append(to: &$0) }, to: &out)
            SpanText.append(member: "spanId", { $0.appendHexadecimal(link.context.span) }, to: &out)
            out.append(
                contentsOf: #""flags":769,"attributes":[{"key":"messaging.message.id","value":{"stringValue":""#.utf8)
            Self.append(link.id, to: &out)
            out.append(contentsOf: #""}}]}"#.utf8)
        }
        out.append(UInt8(ascii: "]"))
    }

    private static func append(_ id: EntryID, to out: inout [UInt8]) {
        out.appendDecimal(id.milliseconds)
        out.append(UInt8(ascii: "-"))
        out.appendDecimal(id.sequence)
    }
}

/// A generator for ids: the system's would be a call of the kernel for each.
private struct RandomIDs {
    private var state = UInt64.random(in: .min ... .max)

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return SplitMix.finalized(state)
    }

    /// Not zero, which is no id.
    mutating func nextID() -> UInt64 {
        let id = next()
        return id == 0 ? nextID() : id
    }
}

extension Outcome {
    /// Whose fault it is, in a word.
    fileprivate var kind: StaticString {
        switch self {
        case .delivered: "delivered"
        case .messageRefused: "message_refused"
        case .routeRefused: "route_refused"
        case .throttled: "throttled"
        case .outage: "outage"
        case .ownLack: "own_lack"
        }
    }

    /// The status if that is the error, as OpenTelemetry's conventions for HTTP have it; else as everywhere.
    fileprivate var errorType: String {
        if let status, status >= 300 { return "\(status)" }
        return reason
    }
}
