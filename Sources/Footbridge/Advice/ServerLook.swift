package import RESP
package import Redis
internal import RedisStreams

/// Looks at the streams and groups of a configuration as they stand in Redis. Changes nothing; what may not be asked is left out.
package struct ServerLook {
    private let config: BridgeConfig
    /// It is the bridge itself that looks.
    private let isRunning: Bool
    private let call: Call

    package typealias Call = @Sendable (RESPCommand) async throws(RedisError) -> RESPValue

    /// - Parameters:
    ///   - isRunning: it is the bridge of this configuration that looks.
    ///   - call: sends a command to the server of the configuration, and waits for its reply.
    package init(_ config: BridgeConfig, isRunning: Bool = false, call: @escaping Call) {
        self.config = config
        self.isRunning = isRunning
        self.call = call
    }

    /// - Throws: if the server cannot be asked any more.
    package func advice() async throws(RedisError) -> [ServerAdvice] {
        var advice = try await settings()
        var seen: Set<String> = []
        for route in config.routes {
            for stream in route.streams where seen.insert(stream).inserted { advice += try await look(at: stream) }
        }
        return advice
    }

    /// What may have the server drop what it was given.
    package func settings() async throws(RedisError) -> [ServerAdvice] {
        var advice: [ServerAdvice] = []
        if let appendOnly = try await setting("appendonly"), appendOnly != "yes" {
            advice.append(
                ServerAdvice(
                    "persistence: appendonly is \(appendOnly), so a crash loses what came after the last snapshot; "
                        + "set appendonly yes"))
        }
        if let policy = try await setting("maxmemory-policy"), policy != "noeviction" {
            advice.append(
                ServerAdvice(
                    "eviction: maxmemory-policy is \(policy), which may delete streams with their groups; set noeviction"
                ))
        }
        return advice
    }

    // MARK: - A stream

    package func look(at stream: String) async throws(RedisError) -> [ServerAdvice] {
        guard let facts = try await facts(of: stream) else { return [] }
        var advice: [ServerAdvice] = []
        let routes = config.routes.filter { $0.streams.contains(stream) }
        if facts.wasNeverUsed, let near = try await nearName(of: stream) {
            advice.append(
                ServerAdvice(
                    "\(facts.isThere ? "never had an entry" : "does not exist"); did you mean \(near)?", stream: stream)
            )
        }
        if let ahead = facts.ahead {
            advice.append(
                ServerAdvice(
                    "its ids are \(Self.rounded(ahead)) ahead of the server's clock: ages are unknown, and new entries get ids "
                        + "from there on until the clock has caught up; look for a producer whose clock is wrong",
                    stream: stream))
        }
        let isTrimmed = routes.contains { $0.trim != nil }
        if facts.isThere, !isTrimmed, facts.length >= Self.manyEntries, facts.added == facts.length {
            advice.append(
                ServerAdvice(
                    "has grown to \(facts.length) entries, and nothing was ever removed from it; write trim: { keep: 7d }, "
                        + "or have its producer trim it", stream: stream))
        }
        for group in facts.groups { advice += try await look(at: group, of: stream, routes) }
        return advice
    }

    /// With fewer a stream may just be young.
    private static let manyEntries = 100_000

    private struct Facts {
        var isThere = true
        var length = 0
        var added: Int?
        /// By how much its ids are ahead of the server's clock.
        var ahead: Duration?
        var lastID = EntryID.zero
        var groups: [GroupInfo] = []

        var wasNeverUsed: Bool { !isThere || length == 0 && lastID == .zero }
    }

    /// `nil` if the key may not be looked at, or is no stream.
    private func facts(of stream: String) async throws(RedisError) -> Facts? {
        let info: RESPValue
        switch try await ask("XINFO", "STREAM", stream) {
        case .success(let reply): info = reply
        case .failure(let error): return error.isNoSuchKey ? Facts(isThere: false) : nil
        }
        var facts = Facts()
        facts.length = info.value(named: "length")?.integer.map(Int.init(clamping:)) ?? 0
        facts.added = info.value(named: "entries-added")?.integer.map(Int.init(clamping:))
        facts.lastID = info.value(named: "last-generated-id")?.bytes.flatMap(EntryID.init(bytes:)) ?? .zero
        if let now = ServerClock.time(try? await ask("TIME").get()), facts.lastID.looksLikeTime {
            let ahead = Int64(clamping: facts.lastID.milliseconds) - now
            if ahead > 60_000 { facts.ahead = .milliseconds(ahead) }
        }
        facts.groups = try await ask(.groups(of: stream)) ?? []
        return facts
    }

    /// Streams of a similar name that have entries; of the first that are found, for this is only a hint.
    private func nearName(of stream: String) async throws(RedisError) -> String? {
        var names: Set<String> = []
        var cursor = "0"
        for _ in 0..<20 {
            guard
                let reply = try? await ask("SCAN", cursor, "COUNT", "1000", "TYPE", "stream").get().elements,
                reply.count == 2, let next = reply[0].text
            else { break }
            names.formUnion(reply[1].elements?.compactMap(\.text) ?? [])
            cursor = next
            if cursor == "0" { break }
        }
        let own = Set(config.routes.flatMap { $0.streams + $0.streams.map($0.replayStream) })
        let others = names.subtracting(own).filter { !$0.contains(":dead") }
        return others.filter { isSlip(stream, $0) }.min()
    }

    // MARK: - A group

    private func look(
        at group: GroupInfo, of stream: String, _ routes: [RouteConfig]
    ) async throws(RedisError) -> [ServerAdvice] {
        let consumers = try await ask(.consumers(of: group.name, stream: stream)) ?? []
        guard routes.contains(where: { $0.group == group.name }) else {
            return leftBehind(group, consumers, of: stream).map { [$0] } ?? []
        }
        return try await namesake(consumers).map { [$0] } ?? []
    }

    /// A Footbridge made this group, nobody reads it any more, and it holds something.
    private func leftBehind(_ group: GroupInfo, _ consumers: [ConsumerInfo], of stream: String) -> ServerAdvice? {
        let owners = consumers.compactMap { OwnerMark($0.name) }
        // Marks of the group itself stay when the last reader has left.
        let readers = consumers.filter { OwnerMark($0.name) != nil || !WellKnownConsumer.isMark($0.name) }
        // While they live they show it much more often.
        let silence = owners.map(\.claimAfter).max() ?? .seconds(60)
        guard consumers.contains(where: { WellKnownConsumer.isMark($0.name) }),
            readers.allSatisfy({ $0.idle > silence }), group.pendingCount > 0 || group.lag ?? 1 > 0
        else { return nil }
        let unread = group.lag.map { "\($0) unread" } ?? "some unread"
        return ServerAdvice(
            "group \(group.name), which a Footbridge made, has \(group.pendingCount) pending and \(unread), and nobody reads with it. "
                + "Is its bridge stopped, start it. Was its route renamed, write group: \(group.name) in the route that goes on with it. "
                + "If nobody needs them: footbridge group destroy \(group.name) \(stream)", stream: stream)
    }

    /// A process of this instance's name lives.
    private func namesake(
        _ consumers: [ConsumerInfo]
    ) async throws(RedisError) -> ServerAdvice? {
        // It tells of that itself, and waits (`Preparation.meetRival`).
        guard !isRunning else { return nil }
        let mine = "\(config.instance).1"
        for owner in consumers.compactMap({ OwnerMark($0.name) }) where owner.consumer == mine {
            let reply = try? await ask("PUBSUB", "NUMSUB", OwnerMark.channel(token: owner.token)).get()
            guard (reply?.elements?.last?.integer ?? 0) > 0 else { continue }
            return ServerAdvice(
                "an instance \(config.instance) is running; if that is another one, give each an instance: of its own, or the second waits until "
                    + "the first stops",
                isWarning: false)
        }
        return nil
    }

    // MARK: - Asking

    /// About, in its largest unit: `3h`.
    private static func rounded(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        let unit: (Int64, String) =
            [(86_400, "d"), (3600, "h"), (60, "m")].first { seconds * 2 >= $0.0 * 3 } ?? (1, "s")
        return "\((seconds + unit.0 / 2) / unit.0)\(unit.1)"
    }

    private func setting(_ name: String) async throws(RedisError) -> String? {
        (try? await ask("CONFIG", "GET", name).get())?.value(named: name)?.text
    }

    /// What the server answers, or refuses with.
    private func ask(_ words: String...) async throws(RedisError) -> Result<RESPValue, ServerError> {
        do throws(RedisError) {
            return .success(try await call(RESPCommand(words[0], arguments: Array(words[1...]))))
        } catch {
            guard case .server(let answer) = error, answer.kind != .transient else { throw error }
            return .failure(answer)
        }
    }

    /// `nil` if it is refused.
    private func ask<Reply>(_ command: StreamCommand<Reply>) async throws(RedisError) -> Reply? {
        do throws(RedisError) {
            return try command.result(.success(try await call(command.command))).get()
        } catch {
            guard case .server(let answer) = error, answer.kind != .transient else { throw error }
            return nil
        }
    }
}

extension EntryID {
    /// From when streams came to be to a time that no clock will show.
    package var looksLikeTime: Bool { (1_514_764_800_000..<32_503_680_000_000).contains(milliseconds) }
}
