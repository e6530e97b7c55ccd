internal import Footbridge
internal import FootbridgeHTTP
internal import FootbridgeRedis
internal import RedisStreams

/// The dead letters of a route for the API: a list, one of them, and what is done with it.
struct LetterActions {
    private let route: RouteConfig
    private let actions: RouteActions
    /// All streams that the route's letters may be in.
    private let places: [String]

    /// Letters that one request looks at, of those that it does not want.
    private static let lookedAt = 10_000
    private static let portion = 200

    init(_ route: RouteConfig, _ actions: RouteActions) {
        self.route = route
        self.actions = actions
        var places: [String] = []
        for place in route.streams.flatMap({ route.deadLetterStreams(of: $0) }) where !places.contains(place) {
            places.append(place)
        }
        self.places = places
    }

    /// Names a letter: its id, and which stream it is in.
    struct Name: Equatable, Comparable, CustomStringConvertible {
        let id: EntryID
        let place: Int

        init(_ id: EntryID, _ place: Int) { (self.id, self.place) = (id, place) }

        /// `ID`, or `ID@2` of the third stream.
        init?(_ text: String) {
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count <= 2, let id = EntryID(String(parts[0])) else { return nil }
            guard parts.count == 2 else {
                self.init(id, 0)
                return
            }
            guard let place = Int(parts[1]), place >= 0 else { return nil }
            self.init(id, place)
        }

        var description: String { place == 0 ? "\(id)" : "\(id)@\(place)" }

        static func < (left: Name, right: Name) -> Bool { (left.id, left.place) < (right.id, right.place) }
    }

    // MARK: - Looking

    func page(_ request: HTTPRequest) async throws(HTTPError) -> LetterPage {
        try request.allow("search", "reason", "status", "before", "limit")
        let limit = try request.number("limit", 1...500, else: 50)
        var selection = LetterSelection()
        let query = request.query.filter { !$0.value.isEmpty }
        if let reason = query["reason"] {
            do throws(UnknownChoice) {
                selection.reasons = [try LetterSelection.reason(reason)]
            } catch {
                throw HTTPError(400, "\(error)")
            }
        }
        if let status = query["status"] {
            guard let wanted = LetterSelection.Status(status) else {
                throw HTTPError(400, "status must be 100 to 599, or 4xx for all of a kind")
            }
            selection.statuses = [wanted]
        }
        var before: Name?
        if let text = query["before"] {
            guard let name = Name(text) else { throw HTTPError(400, "before must be the next of an earlier answer") }
            before = name
        }
        let (search, start) = (query["search"], before)
        return try await actions.withClient { client throws(HTTPError) in
            var (found, looked, last): ([LetterPage.Letter], Int, Name?) = ([], 0, start)
            while found.count < limit, looked < Self.lookedAt {
                let next = try await newest(Self.portion, before: last, client)
                for (name, letter) in next {
                    looked += 1
                    last = name
                    guard isOurs(letter), selection.includes(letter), search.map({ Self.holds(letter, $0) }) ?? true
                    else { continue }
                    found.append(LetterPage.Letter(name, letter, limit: 2000))
                    if found.count == limit { break }
                }
                if next.count < Self.portion {
                    return LetterPage(letters: found, next: found.count == limit ? last : nil)
                }
            }
            return LetterPage(letters: found, next: last)
        }
    }

    /// Of all streams together, the newest first.
    private func newest(
        _ count: Int, before: Name?, _ client: RedisClient
    ) async throws(HTTPError) -> [(Name, Letter)] {
        var found: [(Name, Letter)] = []
        for (index, place) in places.enumerated() {
            let bound = before.map { index < $0.place ? EntryBound.included($0.id) : .excluded($0.id) } ?? .open
            do throws(RedisError) {
                let letters = try await client.call(.range(place, to: bound, count: count, newestFirst: true))
                found += letters.map { (Name($0.id, index), Letter($0, in: place)) }
            } catch {
                throw HTTPError(503, "\(error)")
            }
        }
        return Array(found.sorted { $0.0 > $1.0 }.prefix(count))
    }

    /// Several routes' letters may be in one stream.
    private func isOurs(_ letter: Letter) -> Bool { letter.route == nil || letter.route == route.name }

    private static func holds(_ letter: Letter, _ text: String) -> Bool {
        let wanted = text.lowercased()
        func holds(_ bytes: some Sequence<UInt8>) -> Bool {
            String(decoding: Array(bytes), as: UTF8.self).lowercased().contains(wanted)
        }
        return "\(letter.id)".contains(wanted) || letter.entry.map { "\($0)".contains(wanted) } ?? false
            || letter.reason.lowercased().contains(wanted) || holds(letter.response)
            || letter.fields.contains { holds($0.name) || holds($0.value) }
    }

    func letter(_ text: String) async throws(HTTPError) -> LetterPage.Letter {
        let (name, place) = try name(text)
        return try await actions.withClient { client throws(HTTPError) in
            LetterPage.Letter(name, try await find(name, in: place, client))
        }
    }

    private func name(_ text: String) throws(HTTPError) -> (Name, place: String) {
        guard let name = Name(text), places.indices.contains(name.place) else {
            throw HTTPError(404, "there is no such letter")
        }
        return (name, places[name.place])
    }

    private func find(_ name: Name, in place: String, _ client: RedisClient) async throws(HTTPError) -> Letter {
        let found: Letter?
        do throws(RedisError) { found = try await Letters(client).letter(name.id, of: place) } catch {
            throw HTTPError(503, "\(error)")
        }
        guard let found, isOurs(found) else { throw HTTPError(404, "there is no such letter") }
        return found
    }

    // MARK: - Changing

    /// - Parameter wish: other fields, perhaps.
    func replay(_ text: String, _ wish: ReplayWish) async throws(HTTPError) {
        let (name, place) = try name(text)
        try await actions.withClient { client throws(HTTPError) in
            let letter = try await find(name, in: place, client)
            if wish.fields == nil, let obstacle = letter.obstacle { throw HTTPError(409, obstacle) }
            guard let stream = letter.stream, letter.entry != nil else {
                throw HTTPError(409, letter.obstacle ?? "it does not say which entry it is of")
            }
            guard route.streams.contains(stream) else {
                throw HTTPError(409, "the route does not read \(stream), where the entry was")
            }
            if let fields = wish.fields, fields.pairs.isEmpty {
                throw HTTPError(400, "an entry has at least one field")
            }
            let step: ReplayStep
            do throws(RedisError) {
                step = try await Letters(client).replay(
                    [name.id], of: place, to: route, stream: stream, fields: wish.fields?.fields)
            } catch {
                throw HTTPError(503, "\(error)")
            }
            guard step.moved == 1 else { throw HTTPError(409, "the letter has gone, or cannot be moved") }
        }
    }

    func drop(_ text: String) async throws(HTTPError) {
        let (name, place) = try name(text)
        try await actions.withClient { client throws(HTTPError) in
            _ = try await find(name, in: place, client)
            do throws(RedisError) {
                guard try await Letters(client).drop([name.id], of: place) == 1 else { throw RedisError.closed }
            } catch {
                throw HTTPError(503, "\(error)")
            }
        }
    }
}

/// The body of `/replay`.
struct ReplayWish: AdminBody {
    static let members = ["fields"]

    var fields: FieldList?
}

/// `/api/v1/routes/NAME/letters`
struct LetterPage: Encodable, Sendable {
    struct Letter: Encodable, Sendable {
        let letter: String
        let deadLetterStream: String
        let reason: String
        let status: Int?
        let attempts: Int?
        let stream: String?
        let entry: String?
        let firstAt: String?
        let lastAt: String?
        let response: String?
        let replays: Int?
        let fields: FieldList

        init(_ name: LetterActions.Name, _ letter: RedisStreams.Letter, limit: Int = .max) {
            self.letter = "\(name)"
            deadLetterStream = letter.place
            (reason, status, attempts, stream) = (letter.reason, letter.status, letter.attempts, letter.stream)
            entry = letter.entry.map { "\($0)" }
            (firstAt, lastAt) = (letter.firstAt, letter.lastAt)
            response = letter.response.isEmpty ? nil : String(decoding: letter.response, as: UTF8.self)
            replays = letter.replays > 0 ? letter.replays : nil
            fields = FieldList(letter.fields, limit: limit)
        }
    }

    let letters: [Letter]
    let next: String?

    init(letters: [Letter], next: LetterActions.Name?) {
        self.letters = letters
        self.next = next.map { "\($0)" }
    }
}
