internal import Footbridge
internal import FootbridgeCurl
internal import FootbridgeHTTP
internal import FootbridgeWebhooks
internal import RedisStreams

/// What `/api/v1/attempts` is asked for.
struct AttemptWish: Sendable, Equatable {
    /// `nil`: of all.
    var route: String?
    var failed: Bool?
    var status: AttemptFilter?
    var entry: EntryID?
    var limit = 100
    /// Of each worker, the number of the last attempt that is known.
    var after: [UInt64] = []

    init() {}

    init(_ request: HTTPRequest) throws(HTTPError) {
        try request.allow("route", "failed", "status", "entry", "limit", "after")
        let query = request.query.filter { !$0.value.isEmpty }
        route = query["route"]
        if let text = query["entry"] {
            guard let id = EntryID(text) else { throw HTTPError(400, "entry must be an id such as 1767312000000-0") }
            entry = id
        }
        if let text = query["status"] {
            do throws(UnknownChoice) { status = try AttemptFilter(text) } catch { throw HTTPError(400, "\(error)") }
        }
        limit = try request.number("limit", 1...10_000, else: 100)
        switch query["failed"] {
        case nil: break
        case "true", "1", "yes": failed = true
        case "false", "0", "no": failed = false
        default: throw HTTPError(400, "failed must be true or false")
        }
        if let cursor = query["after"] {
            let parts = cursor.split(separator: "-").map { UInt64($0) }
            guard !parts.contains(nil), parts.count <= 64 else {
                throw HTTPError(400, "after must be the next of an earlier answer")
            }
            after = parts.compactMap(\.self)
        }
    }

    func wants(_ record: AttemptRecord) -> Bool {
        if let failed, failed == record.isDelivered { return false }
        if let entry, record.entry != entry { return false }
        return status?.includes(record.outcome) ?? true
    }
}

/// `/api/v1/attempts`
struct AttemptPage: Encodable, Sendable {
    let attempts: [AttemptReport]
    let next: String

    static func make(_ wish: AttemptWish, _ routes: [RouteConfig], _ monitor: BridgeMonitor) async -> AttemptPage {
        var newest = wish.after
        var found: [(record: AttemptRecord, route: RouteConfig)] = []
        for route in routes where wish.route == nil || wish.route == route.name {
            for (worker, records) in await monitor.attempts(ofRoute: route.name, since: wish.after).enumerated() {
                while newest.count <= worker { newest.append(0) }
                newest[worker] = max(newest[worker], records.last?.number ?? 0)
                found += records.lazy.filter(wish.wants).map { ($0, route) }
            }
        }
        found.sort { ($0.record.at, $0.record.number) < ($1.record.at, $1.record.number) }
        return AttemptPage(
            attempts: found.suffix(wish.limit).map { AttemptReport($0.record, of: $0.route) },
            next: newest.map(String.init).joined(separator: "-"))
    }
}

extension AttemptReport {
    /// What is replayed is read from a stream of its own, one for each of the route's.
    private static func stream(_ place: Int, of route: RouteConfig) -> String {
        let (streams, count) = (route.streams, route.streams.count)
        return place < count ? streams[place] : place < 2 * count ? route.replayStream(of: streams[place - count]) : ""
    }

    init(_ record: AttemptRecord, of route: RouteConfig) {
        var (then, next): (String, Duration?) = ("settled", nil)
        switch record.then {
        case .settled: break
        case .retry(let after): (then, next) = ("retry", after)
        case .dead: then = "dead"
        case .undecided: then = "undecided"
        }
        self.init(
            at: ReportTime.text(milliseconds: record.at), route: route.name,
            stream: Self.stream(record.stream, of: route),
            entry: "\(record.entry)", attempt: record.attempt, entries: record.entries > 1 ? record.entries : nil,
            endpoint: record.endpoint, ok: record.isDelivered, status: record.outcome.status,
            outcome: record.outcome.reason, error: record.isDelivered ? nil : "\(record.outcome)",
            durationMs: (Double(record.nanoseconds) / 1e4).rounded() / 100,
            answer: record.answer.isEmpty ? nil : String(decoding: record.answer, as: UTF8.self), then: then,
            nextInS: next.map { Double($0.wholeMilliseconds) / 1000 })
    }
}
