import Footbridge
import FootbridgeRESP
import FootbridgeRedis

/// Compares a configuration with the server it names. Changes nothing.
struct LiveCheck {
    let config: BridgeConfig
    let client: RedisClient

    /// - Throws: if the server cannot be asked any more, or not just now.
    func report() async throws(RedisError) -> [Finding] {
        let advisor = ServerLook(config) { [client] command async throws(RedisError) in try await client.call(command) }
        var findings = [try await server()]
        findings += Self.findings(try await advisor.durability())
        let user = try await user()
        if try await refusal(of: .unblock, user) != nil {
            let text = "user \(user.name) may not CLIENT UNBLOCK: "
            findings.append(Finding(.note, text + "entries that arrive while a bridge stops may lose an attempt"))
        }
        if let waitForAck = config.waitForAck { findings.append(try await replicas(waitForAck, user)) }
        for route in config.routes {
            findings.append(try await permissions(route, user))
            findings += try await replayRights(route, user)
            for stream in route.streams {
                findings += try await look(at: stream, route: route)
                findings += try await retention(of: stream, route)
            }
            if let other = route.destination.redis {
                findings += await Self.look(at: other, of: route, in: config)
            } else {
                findings += try await look(atEndOf: route)
            }
        }
        return findings + (try await advisor.advice().map(Finding.init))
    }

    /// The reply, or the error that the server answers with; what is wrong with the connection is thrown.
    func ask(_ words: [String]) async throws(RedisError) -> Result<RESPValue, ServerError> {
        try await outcome { () async throws(RedisError) in
            try await client.call(RESPCommand(words[0], arguments: Array(words[1...])))
        }
    }

    func outcome<Reply>(
        _ call: () async throws(RedisError) -> Reply
    ) async throws(RedisError) -> Result<Reply, ServerError> {
        do throws(RedisError) {
            return .success(try await call())
        } catch {
            guard let answer = error.serverError, answer.kind != .transient else { throw error }
            return .failure(answer)
        }
    }

    private func server() async throws(RedisError) -> Finding {
        guard let info = try? await ask(["INFO", "server"]).get().text else {
            return Finding(.note, "Redis answers, but may not be asked for its version")
        }
        let fields = infoFields(info)
        if let valkey = fields["valkey_version"] { return Finding(.ok, "Valkey \(valkey), master") }
        let version = fields["redis_version"] ?? "of an unknown version"
        let major = version.split(separator: ".").first.flatMap { Int($0) } ?? 0
        guard major >= 7 else { return Finding(.error, "Redis \(version) is too old: 7.0 or later is needed") }
        return Finding(.ok, "Redis \(version), master")
    }

    // MARK: - What may lose entries

    private static func findings(_ settings: DurabilitySettings?) -> [Finding] {
        guard let settings else {
            return [Finding(.note, "CONFIG GET is not allowed: persistence and eviction are not checked")]
        }
        return [
            settings.persistenceAdvice.map(Finding.init) ?? Finding(.ok, "persistence: append-only file"),
            settings.evictionAdvice.map(Finding.init) ?? Finding(.ok, "eviction: none"),
        ]
    }
}

/// The lines `name:value` of an INFO reply.
private func infoFields(_ text: String) -> [String: String] {
    var fields: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
    }
    return fields
}

extension Finding {
    fileprivate init(_ advice: ServerAdvice) {
        let place = advice.stream.map { "stream \($0): " } ?? ""
        self.init(advice.isWarning ? .warn : .note, place + advice.text)
    }
}
