package import FootbridgeRESP
package import FootbridgeRedis
internal import RedisStreams

/// Looks at the streams and groups of a configuration as they stand in Redis. Changes nothing; what may not be asked is left out.
package struct ServerLook {
    let config: BridgeConfig
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

    /// What looks wrong about streams and groups.
    ///
    /// - Throws: if the server cannot be asked any more.
    package func advice() async throws(RedisError) -> [ServerAdvice] {
        var advice: [ServerAdvice] = []
        var seen: Set<String> = []
        for stream in config.routes.flatMap(\.streams) where seen.insert(stream).inserted {
            advice += try await look(at: stream)
        }
        if !isRunning, let namesake = try await namesake() { advice.append(namesake) }
        return advice
    }

    /// `nil` if they may not be asked for.
    package func durability() async throws(RedisError) -> DurabilitySettings? {
        guard let appendOnly = try await setting("appendonly"), let policy = try await setting("maxmemory-policy")
        else { return nil }
        return DurabilitySettings(appendOnly: appendOnly, evictionPolicy: policy)
    }

    // MARK: - A stream

    private func look(at stream: String) async throws(RedisError) -> [ServerAdvice] {
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
        let groups = Set(routes.map(\.group))
        for group in facts.groups where !groups.contains(group.name) {
            if let leftBehind = try await look(atOther: group, of: stream) { advice.append(leftBehind) }
        }
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

    /// A stream of a similar name; of the first that are found, for this is only a hint.
    private func nearName(of stream: String) async throws(RedisError) -> String? {
        var names: Set<String> = []
        var cursor = "0"
        for _ in 0..<20 {
            guard let page = try await ask(.streamNames(after: cursor)) else { break }
            names.formUnion(page.names.map(\.description))
            cursor = page.cursor
            if cursor == "0" { break }
        }
        let own = Set(config.routes.flatMap { $0.streams + $0.streams.map($0.replayStream) })
        return names.subtracting(own).filter { !$0.contains(":dead") && isSlip(stream, $0) }.min()
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
    func ask(_ words: String...) async throws(RedisError) -> Result<RESPValue, ServerError> {
        do throws(RedisError) {
            return .success(try await call(RESPCommand(words[0], arguments: Array(words[1...]))))
        } catch {
            guard let answer = error.serverError, answer.kind != .transient else { throw error }
            return .failure(answer)
        }
    }

    /// `nil` if it is refused.
    func ask<Reply>(_ command: StreamCommand<Reply>) async throws(RedisError) -> Reply? {
        do throws(RedisError) {
            return try command.result(.success(try await call(command.command))).get()
        } catch {
            guard let answer = error.serverError, answer.kind != .transient else { throw error }
            return nil
        }
    }
}
