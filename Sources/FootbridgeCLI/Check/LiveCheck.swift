import Footbridge
import RESP
import Redis
import RedisStreams

/// What `check --live` says of one thing.
struct Finding: CustomStringConvertible, Equatable {
    enum Level: String { case ok, note, warn, error }

    let level: Level
    let text: String

    var description: String {
        "  " + level.rawValue + String(repeating: " ", count: 7 - level.rawValue.count) + text
    }
}

/// Compares a configuration with the server it names. Reads only.
struct LiveCheck {
    let config: BridgeConfig
    let client: RedisClient

    func report() async -> [Finding] {
        var findings = await server()
        findings += await settings()
        findings += await stopping()
        for route in config.routes {
            findings += await permissions(route)
            for stream in route.streams { findings += await look(at: stream, route: route) }
        }
        return findings
    }

    private func server() async -> [Finding] {
        guard let info = try? await client.call(["INFO", "server"]).text else {
            return [Finding(level: .note, text: "Redis answers, but may not be asked for its version")]
        }
        let fields = infoFields(info)
        if let valkey = fields["valkey_version"] { return [Finding(level: .ok, text: "Valkey \(valkey), master")] }
        let version = fields["redis_version"] ?? "of an unknown version"
        let major = version.split(separator: ".").first.flatMap { Int($0) } ?? 0
        guard major >= 7 else {
            return [Finding(level: .error, text: "Redis \(version) is too old: 7.0 or later is needed")]
        }
        return [Finding(level: .ok, text: "Redis \(version), master")]
    }

    // MARK: - What may lose entries

    private func settings() async -> [Finding] {
        let appendOnly = await setting("appendonly")
        let policy = await setting("maxmemory-policy")
        guard let appendOnly, let policy else {
            return [Finding(level: .note, text: "CONFIG GET is not allowed: persistence and eviction are not checked")]
        }
        var findings: [Finding] = []
        if appendOnly == "yes" {
            findings.append(Finding(level: .ok, text: "persistence: append-only file"))
        } else {
            let text = "persistence: appendonly is \(appendOnly), so a crash loses what came after the last snapshot; "
            findings.append(Finding(level: .warn, text: text + "set appendonly yes"))
        }
        if policy == "noeviction" {
            findings.append(Finding(level: .ok, text: "eviction: none"))
        } else {
            let text = "eviction: maxmemory-policy is \(policy), which may delete streams with their groups; "
            findings.append(Finding(level: .warn, text: text + "set noeviction"))
        }
        return findings
    }

    private func setting(_ name: String) async -> String? {
        try? await client.call(["CONFIG", "GET", name]).value(named: name)?.text
    }

    // MARK: - What the user may do

    /// A bridge that stops asks the server to end its reads. Without that, what is on its way meanwhile costs an attempt.
    private func stopping() async -> [Finding] {
        guard let user = try? await client.call(["ACL", "WHOAMI"]).text,
            let refusal = try? await client.call(["ACL", "DRYRUN", user, "CLIENT", "UNBLOCK", "1"]),
            case .bulkString = refusal
        else { return [] }
        let text = "user \(user) may not CLIENT UNBLOCK: entries that arrive while a bridge stops may lose an attempt"
        return [note(text)]
    }

    /// Asks `ACL DRYRUN` (7.0 and later) for each command that the bridge sends.
    private func permissions(_ route: RouteConfig) async -> [Finding] {
        guard let user = try? await client.call(["ACL", "WHOAMI"]).text else {
            return [note("route \(route.name): permissions are not checked, ACL WHOAMI is not allowed")]
        }
        var refusals: [String] = []
        for stream in route.streams {
            for command in commands(stream, route) {
                let arguments: [any RESPArgument] = ["DRYRUN", user] + command
                switch await client.pipeline([RESPCommand("ACL", arguments: arguments)]).first {
                case .success(.simpleString), nil: break
                case .success(let refusal): refusals.append(refusal.text ?? "\(command[0]) \(stream) is refused")
                case .failure(let error):
                    if case .server(let server) = error, server.message.contains("passed") { break }
                    return [note("route \(route.name): permissions are not checked: \(error)")]
                }
            }
        }
        if refusals.isEmpty {
            return [Finding(level: .ok, text: "route \(route.name): user \(user) may do all that is needed")]
        }
        return refusals.map { Finding(level: .error, text: "route \(route.name): \($0)") }
    }

    private func commands(_ stream: String, _ route: RouteConfig) -> [[String]] {
        var commands = [
            ["XREADGROUP", "GROUP", route.group, "c", "STREAMS", stream, ">"],
            ["XACK", stream, route.group, "0-1"],
            ["XCLAIM", stream, route.group, "c", "0", "0-1", "JUSTID"],
            ["XPENDING", stream, route.group, "-", "+", "1"],
            ["XGROUP", "CREATE", stream, route.group, "0", "MKSTREAM"],
            ["XINFO", "CONSUMERS", stream, route.group],
            ["XINFO", "GROUPS", stream],
        ]
        if let dead = route.deadLetter.name(for: stream) {
            commands.append(["XADD", dead, "*", "f", "v"])
            commands.append(["EVAL", "return 1", "2", stream, dead])
        }
        return commands
    }

    // MARK: - Streams and groups

    private func look(at stream: String, route: RouteConfig) async -> [Finding] {
        let type: String
        do {
            type = try await client.call(["TYPE", stream]).text ?? "none"
        } catch {
            return [note("stream \(stream) is not looked at: \(error)")]
        }
        guard type != "none" else {
            return [note("stream \(stream) does not exist yet; the bridge makes it with its group")]
        }
        guard type == "stream" else {
            return [
                Finding(level: .error, text: "\(stream) is a \(type), not a stream; route \(route.name) cannot read it")
            ]
        }
        let length = (try? await client.call(.length(of: stream))) ?? 0
        var findings = [Finding(level: .ok, text: "stream \(stream): \(length == 1 ? "1 entry" : "\(length) entries")")]
        let groups = (try? await client.call(.groups(of: stream))) ?? []
        guard let group = groups.first(where: { $0.name == route.group }) else {
            return findings + [note("group \(route.group) does not exist on \(stream) yet; the bridge makes it")]
        }
        let lag = group.lag.map(String.init) ?? "unknown"
        let text = "group \(group.name) on \(stream): \(lag) unread, \(group.pendingCount) pending"
        findings.append(Finding(level: .ok, text: "\(text), \(counted(group.consumerCount, "consumer"))"))
        for consumer in (try? await client.call(.consumers(of: group.name, stream: stream))) ?? []
        where consumer.pendingCount > 0 && consumer.idle >= route.claimAfter {
            let text = "consumer \(consumer.name) is silent and holds \(consumer.pendingCount) entries of \(stream); "
            findings.append(Finding(level: .warn, text: text + "a running bridge takes them over"))
        }
        return findings + (await deadLetters(of: stream, route: route))
    }

    private func deadLetters(of stream: String, route: RouteConfig) async -> [Finding] {
        guard let dead = route.deadLetter.name(for: stream) else {
            return [
                Finding(level: .warn, text: "route \(route.name) drops what cannot be delivered: dead_letter is off")
            ]
        }
        guard let count = try? await client.call(.length(of: dead)) else {
            return [Finding(level: .error, text: "\(dead) is not a stream; dead letters cannot be written")]
        }
        return count == 0 ? [] : [note("\(dead): \(counted(count, "dead letter"))")]
    }

    private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    private func note(_ text: String) -> Finding { Finding(level: .note, text: text) }
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
