internal import Footbridge
internal import FootbridgeCurl
internal import FootbridgeHTTP
internal import FootbridgeRESP
internal import FootbridgeRedis
internal import RedisStreams

/// What people do to a route by the API. Each action has a connection of its own, for they are rare.
struct RouteActions {
    private let route: RouteConfig
    private let config: BridgeConfig
    private let redis: @Sendable () -> RedisTarget?

    init(_ route: RouteConfig, config: BridgeConfig, redis: @escaping @Sendable () -> RedisTarget?) {
        self.route = route
        self.config = config
        self.redis = redis
    }

    func perform(_ action: String) async throws(HTTPError) {
        try await withClient { client throws(HTTPError) in
            let control = RouteControl(route, client: client)
            do throws(RouteControl.Failure) {
                switch action {
                case "pause": try await control.set(.paused, now: WallClock.milliseconds)
                case "drain": try await control.set(.draining, now: WallClock.milliseconds)
                case "resume": try await control.set(nil, now: WallClock.milliseconds)
                default: try await control.retry()
                }
            } catch {
                if case .noGroup = error { throw HTTPError(409, "\(error)") }
                throw HTTPError(503, "\(error)")
            }
        }
    }

    /// Nothing is sent.
    func trial(_ wish: TrialWish) async throws(HTTPError) -> TrialPage {
        let (stream, entry) = try await entry(wish)
        let shape: Trial.Shape
        do {
            shape = try Trial(route: route, namespace: config.namespace, urls: config.log.urls).shape(
                entry, stream: stream)
        } catch {
            throw HTTPError(400, "\(error)")
        }
        return try TrialPage(shape)
    }

    private func entry(_ wish: TrialWish) async throws(HTTPError) -> (stream: Int, StreamEntry) {
        if let fields = wish.fields {
            if wish.entry != nil { throw HTTPError(400, "write either entry or fields") }
            if fields.pairs.isEmpty { throw HTTPError(400, "an entry has at least one field") }
            let id = EntryID(milliseconds: UInt64(clamping: WallClock.milliseconds), sequence: 0)
            return (0, StreamEntry(id: id, fields: fields.fields))
        }
        guard let text = wish.entry else { throw HTTPError(400, "write {\"entry\": \"ID\"} or {\"fields\": {…}}") }
        guard let id = EntryID(text) else { throw HTTPError(400, "\(text.prefix(60)) is no id of an entry") }
        let streams = route.streams
        return try await withClient { client throws(HTTPError) in
            for (index, stream) in streams.enumerated() {
                do throws(RedisError) {
                    let found = try await client.call(.range(stream, from: .included(id), to: .included(id)))
                    if let entry = found.first { return (index, entry) }
                } catch {
                    throw HTTPError(503, "\(error)")
                }
            }
            throw HTTPError(404, "there is no entry \(id) in the streams of this route")
        }
    }

    func withClient<Value: Sendable>(
        _ body: (RedisClient) async throws(HTTPError) -> Value
    ) async throws(HTTPError) -> Value {
        guard let target = redis() else { throw HTTPError(503, "the bridge is starting") }
        let client: RedisClient
        do throws(CurlLoopError) { client = try RedisClient(target) } catch { throw HTTPError(503, "\(error)") }
        do throws(RedisError) {
            try await client.connect()
        } catch {
            await client.close()
            throw HTTPError(503, "Redis cannot be reached: \(error)")
        }
        let result: Result<Value, HTTPError>
        do throws(HTTPError) { result = .success(try await body(client)) } catch { result = .failure(error) }
        await client.close()
        return try result.get()
    }
}

/// The body of `/try`.
struct TrialWish: AdminBody {
    static let members = ["entry", "fields"]

    var entry: String?
    var fields: FieldList?
}

/// What a request would be.
struct TrialPage: Encodable {
    let passes: Bool
    var method: String?
    var url: String?
    var headers: [[String]]?
    var body: String?
    var command: String?

    init(_ shape: Trial.Shape) throws(HTTPError) {
        switch shape {
        case .filtered: passes = false
        case .request(let request):
            passes = true
            (method, url) = (request.method, request.url)
            headers = request.headers.map { [$0.name, $0.value] }
            body = String(decoding: request.body, as: UTF8.self)
        case .command(let command):
            passes = true
            self.command = command.head
            body =
                command.entries.isEmpty
                ? String(decoding: command.body, as: UTF8.self)
                : command.entries.map { fields in
                    fields.map {
                        "\(String(decoding: $0.name, as: UTF8.self))=\(String(decoding: $0.value, as: UTF8.self))"
                    }
                    .joined(separator: " ")
                }.joined(separator: "\n")
        case .impossible(let reason): throw HTTPError(400, reason.text)
        }
    }
}
