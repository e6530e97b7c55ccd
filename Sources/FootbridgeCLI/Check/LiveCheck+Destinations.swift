import Footbridge
import FootbridgeRESP
import FootbridgeRedis
import RedisStreams

extension Destination {
    /// Keys that its commands use.
    var keys: [String] {
        guard case .append(let append) = self else { return [] }
        let stream = append.stream.template == nil ? [append.stream.text] : []
        return stream + (append.memory.map { [$0] } ?? [])
    }

    /// Channels that its commands use.
    var channels: [String] {
        guard case .publish(let publish) = self, publish.channel.template == nil else { return [] }
        return [publish.channel.text]
    }
}

extension NeededCommand {
    /// What delivering to a Redis takes, beside what every route needs.
    ///
    /// - Parameter source: a stream of the route, if it is on the same server.
    static func all(of destination: Destination, from source: String?) -> [NeededCommand] {
        switch destination {
        case .webhook: return []
        // Which names the entries make shows only when they come.
        case .publish(let publish) where publish.channel.template != nil: return []
        case .append(let append) where append.stream.template != nil: return []
        case .publish(let publish):
            let rule = publish.command.lowercased()
            return [NeededCommand(rule: rule, arguments: [publish.channel.text, ""], isHeard: true)]
        case .append(let append):
            let target = append.stream.text
            var commands = [NeededCommand(rule: "xadd", arguments: [target, "x", "f", "v"])]
            let other = append.memory ?? source ?? target
            commands.append(NeededCommand(rule: "eval", arguments: ["return 1", "2", target, other]))
            if let memory = append.memory {
                commands += [
                    NeededCommand(rule: "zscore", arguments: [memory, ""]),
                    NeededCommand(rule: "zadd", arguments: [memory, "x", ""]),
                    NeededCommand(rule: "zrem", arguments: [memory, ""]),
                    NeededCommand(rule: "zremrangebyscore", arguments: [memory, "x", "x"]),
                ]
            }
            if append.asksForTime { commands.append(NeededCommand(rule: "time", arguments: [])) }
            return commands
        }
    }
}

/// Whether a Redis takes what routes deliver to it.
extension LiveCheck {
    /// What is at the other end of a route on this server.
    func look(atEndOf route: RouteConfig) async throws(RedisError) -> [Finding] {
        guard case .append(let append) = route.destination, append.stream.template == nil else { return [] }
        let target = append.stream.text
        let length = try await outcome { () async throws(RedisError) in try await client.call(.length(of: target)) }
        switch length {
        case .success(let count):
            let size = "\(count) \(count == 1 ? "entry" : "entries")"
            return [Finding(.ok, "route \(route.name) appends to \(target): \(size)")]
        case .failure(let error) where error.kind == .wrongType:
            return [Finding(.error, "\(target) is not a stream; route \(route.name) cannot append to it")]
        case .failure: return [Finding(.note, "stream \(target) is not looked at; XLEN is not allowed")]
        }
    }

    /// Another server that a route delivers to.
    static func look(at redis: RedisSource, of route: RouteConfig, in config: BridgeConfig) async -> [Finding] {
        guard let target = redis.target(clientName: "footbridge-cli") else { return [] }
        let name = redis.shortName
        guard let client = try? RedisClient(target) else {
            return [Finding(.error, "route \(route.name): no thread to ask Redis at \(name)")]
        }
        let findings: [Finding]
        do throws(RedisError) {
            try await client.connect()
            var config = config
            config.redis = redis
            findings = try await LiveCheck(config: config, client: client).otherServer(of: route)
        } catch {
            let trouble = error.serverError == nil ? "cannot be reached" : "refuses"
            findings = [Finding(.error, "route \(route.name): Redis at \(name) \(trouble): \(error)")]
        }
        await client.close()
        return findings
    }

    private func otherServer(of route: RouteConfig) async throws(RedisError) -> [Finding] {
        let user = try await user()
        var refusals: [(command: NeededCommand, refusal: Refusal)] = []
        for command in NeededCommand.all(of: route.destination, from: nil) {
            if let refusal = try await refusal(of: command, user) { refusals.append((command, refusal)) }
        }
        let name = config.redis.shortName
        guard !refusals.isEmpty else {
            let end = try await look(atEndOf: route)
            return [Finding(.ok, "route \(route.name): user \(user.name) may do all that is needed at \(name)")] + end
        }
        let commands = refusals.map(\.command)
        let rules =
            route.destination.keys.map { "~\($0)" } + route.destination.channels.map { "&\($0)" }
            + commands.map { "+\($0.rule)" }
        let names = commands.map(\.name).joined(separator: ", ")
        let cure = ([user.name] + rules).map(Self.quoted).joined(separator: " ")
        return [
            Finding(
                .error,
                "route \(route.name): user \(user.name) may not \(names) at \(name); allow it: ACL SETUSER \(cure)")
        ]
    }
}
