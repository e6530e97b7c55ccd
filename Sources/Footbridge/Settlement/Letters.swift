internal import FootbridgeCurl
internal import FootbridgeRESP
public import FootbridgeRedis
public import RedisStreams

/// What a step of a replay did.
public struct ReplayStep: Sendable, Equatable {
    /// How many of those that were asked for it looked at, from the first on; the others would have been too many bytes.
    public let looked: Int
    /// Entries that the route has to deliver now.
    public let moved: Int
    /// Left where they are: not what was expected there, without fields, or with too many.
    public let skipped: Int
}

/// Dead letters, and a stream's history, in Redis: reading them, and giving them to their route once more.
///
/// What is to be delivered again goes into a stream that only its route reads (`RouteConfig.replayStream`). A letter is added there
/// and deleted here in one script: it is in one of the two places, never in both or none, and to do it again does no harm.
///
/// The streams of a call lie in one cluster slot, unless `dead_letter.stream` names one that does not.
public struct Letters: Sendable {
    private let client: RedisClient

    public init(_ client: RedisClient) { self.client = client }

    /// As many as one script moves at most: a few milliseconds of the server.
    public static let portion = 250
    private static let portionBytes = 4 << 20

    // MARK: - Reading

    /// The next letters of a stream, oldest first; empty when there are no more, or no such stream.
    package func page(
        of place: String, _ interval: EntryInterval = EntryInterval(), count: Int = portion
    ) async throws(RedisError) -> [Letter] {
        try await client.call(.range(place, from: interval.from, to: interval.to, count: count))
            .map { Letter($0, in: place) }
    }

    /// One letter; `nil` if it is not there.
    package func letter(_ id: EntryID, of place: String) async throws(RedisError) -> Letter? {
        try await page(of: place, EntryInterval(from: .included(id), to: .included(id)), count: 1).first
    }

    // MARK: - Replaying

    /// Gives letters to a route, in their order. Ids that are not there are passed over: they were moved before.
    ///
    /// - Parameters:
    ///   - place: the stream that the letters are in.
    ///   - stream: the one that their entries were in, which the route reads. Letters of others stay.
    ///   - fields: what the entry has in place of its own fields; for one letter.
    public func replay(
        _ ids: some Collection<EntryID>, of place: String, to route: RouteConfig, stream: String,
        fields: EntryFields? = nil
    ) async throws(RedisError) -> ReplayStep {
        guard !ids.isEmpty else { return ReplayStep(looked: 0, moved: 0, skipped: 0) }
        // Who may add and not delete would have it twice; and a script whose first write is a deletion is not stopped by
        // a lack of memory.
        _ = try await drop([EntryID(milliseconds: 0, sequence: 1)], of: place)
        let step = try await client.call(
            .replayLetters(
                Array(ids), from: place, to: route.replayStream(of: stream), stream: stream, fields: fields,
                bytes: Self.portionBytes), deadline: .seconds(30))
        if step.moved > 0 { await announce(route, stream) }
        return step
    }

    /// Gives entries that a stream still has to a route once more. The group stays where it is.
    public func replay(
        history ids: some Collection<EntryID>, of stream: String, to route: RouteConfig
    ) async throws(RedisError) -> ReplayStep {
        guard !ids.isEmpty else { return ReplayStep(looked: 0, moved: 0, skipped: 0) }
        let step = try await client.call(
            .replayHistory(
                Array(ids), of: stream, to: route.replayStream(of: stream), bytes: Self.portionBytes),
            deadline: .seconds(30))
        if step.moved > 0 { await announce(route, stream) }
        return step
    }

    /// Bridges hear of it at once; if nobody may be told, in their next round.
    private func announce(_ route: RouteConfig, _ stream: String) async {
        let channel = StreamSession.channel(stream: route.replayStream(of: stream), group: route.group)
        _ = try? await client.call(RESPCommand("PUBLISH", arguments: [channel, "replay"]))
    }

    // MARK: - Dropping

    /// Deletes letters for good; gives how many were there.
    public func drop(_ ids: some Collection<EntryID>, of place: String) async throws(RedisError) -> Int {
        guard !ids.isEmpty else { return 0 }
        return try await client.call(.delete(Array(ids), from: place))
    }
}
