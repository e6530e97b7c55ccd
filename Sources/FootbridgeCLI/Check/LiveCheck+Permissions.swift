import Footbridge
import FootbridgeRESP
import FootbridgeRedis

/// A command that the bridge sends, in a form that changes nothing even where it is run: its group does not exist, and
/// `x` is no id.
struct NeededCommand: Equatable {
    /// As an ACL has it: `xgroup|create`.
    let rule: String
    let arguments: [String]
    /// Whoever listens would hear it: it is not tried.
    var isHeard = false

    var words: [String] { rule.uppercased().split(separator: "|").map(String.init) + arguments }
    /// `XGROUP CREATE`
    var name: String { rule.uppercased().replacing("|", with: " ") }

    /// By this a bridge that stops ends its reads. No connection has the number 0.
    static let unblock = NeededCommand(rule: "client|unblock", arguments: ["0"])

    /// What reading `stream` takes, and writing to `dead` if there are dead letters.
    ///
    /// `XRANGE`, `XGROUP CREATECONSUMER` and `DELCONSUMER` are called in scripts, which may do what their user may.
    ///
    /// - Parameters:
    ///   - isOrdered: whether one instance at a time reads it.
    ///   - isTrimmed: whether it is trimmed.
    static func all(stream: String, dead: String?, isOrdered: Bool = false, isTrimmed: Bool = false) -> [NeededCommand]
    {
        let nobody = "footbridge-check-\(UInt64.random(in: .min ... .max))"
        var commands = [
            NeededCommand(rule: "xreadgroup", arguments: ["GROUP", nobody, nobody, "STREAMS", stream, "x"]),
            NeededCommand(rule: "xack", arguments: [stream, nobody, "x"]),
            NeededCommand(rule: "xclaim", arguments: [stream, nobody, nobody, "0", "x", "JUSTID"]),
            NeededCommand(rule: "xpending", arguments: [stream, nobody, "-", "+", "1"]),
            NeededCommand(rule: "xrange", arguments: [stream, "x", "x"]),
            NeededCommand(rule: "xgroup|create", arguments: [stream, nobody, "x"]),
            NeededCommand(rule: "xgroup|createconsumer", arguments: [stream, nobody, nobody]),
            NeededCommand(rule: "xgroup|delconsumer", arguments: [stream, nobody, nobody]),
            NeededCommand(rule: "xinfo|consumers", arguments: [stream, nobody]),
            NeededCommand(rule: "xinfo|groups", arguments: [stream]),
            NeededCommand(rule: "xinfo|stream", arguments: [stream]),
            NeededCommand(rule: "eval", arguments: ["return 1"] + (dead.map { ["2", stream, $0] } ?? ["1", stream])),
        ]
        if isOrdered { commands.append(NeededCommand(rule: "xread", arguments: ["STREAMS", stream, "x"])) }
        if isTrimmed {
            commands.append(NeededCommand(rule: "xtrim", arguments: [stream, "MAXLEN", "x"]))
            commands.append(NeededCommand(rule: "time", arguments: []))
        }
        if let dead { commands.append(NeededCommand(rule: "xadd", arguments: [dead, "x", "f", "v"])) }
        return commands
    }
}

extension NeededCommand {
    /// What a rate takes that all instances share; nothing without its key. `EVAL` is needed in any case.
    static func all(forRateAt key: String?) -> [NeededCommand] {
        guard let key else { return [] }
        return [
            NeededCommand(rule: "eval", arguments: ["return 1", "1", key]),
            NeededCommand(rule: "get", arguments: [key]),
            // Never both: where it is tried, it changes nothing.
            NeededCommand(rule: "set", arguments: [key, "x", "NX", "XX"]),
            NeededCommand(rule: "time", arguments: []),
        ]
    }
}

/// What a user may not do with a command.
enum Refusal: Equatable {
    /// Call it at all.
    case command
    /// Use its keys.
    case keys
    /// Use its channel.
    case channel

    /// - Parameter text: what the server says. Its words differ by version; `run` is in all of those about commands, and
    ///   `channel` in those about channels.
    init(_ text: String) {
        self = text.contains("permissions to run") ? .command : text.contains("channel") ? .channel : .keys
    }
}

extension LiveCheck {
    struct User {
        let name: String
        /// Whether `ACL DRYRUN` (7.0 and later) can be asked about it; otherwise commands have to be tried.
        let hasDryRun: Bool
    }

    func user() async throws(RedisError) -> User {
        let configured = config.redis.target(clientName: "")?.handshake.user
        guard let name = try await ask(["ACL", "WHOAMI"]).text else {
            return User(name: configured ?? "default", hasDryRun: false)
        }
        let dryRun = try await ask(["ACL", "DRYRUN", name, "PING"])
        return User(name: name, hasDryRun: (try? dryRun.get()) != nil)
    }

    /// `nil` if the user may, or if it cannot be known without doing it.
    func refusal(of command: NeededCommand, _ user: User) async throws(RedisError) -> Refusal? {
        if user.hasDryRun, case .success(let reply) = try await ask(["ACL", "DRYRUN", user.name] + command.words) {
            return if case .simpleString = reply { nil } else { Refusal(reply.text ?? "") }
        }
        guard !command.isHeard else { return nil }
        guard case .failure(let error) = try await ask(command.words), error.code == "NOPERM" else { return nil }
        return Refusal(error.message)
    }

    func permissions(_ route: RouteConfig, _ user: User) async throws(RedisError) -> Finding {
        var refusals: [(NeededCommand, Refusal)] = []
        for stream in route.streams {
            let needed = NeededCommand.all(
                stream: stream, dead: route.deadLetterStream(of: stream), isOrdered: route.isOrdered,
                isTrimmed: route.trim != nil)
            for command in needed {
                if let refusal = try await refusal(of: command, user) { refusals.append((command, refusal)) }
            }
        }
        if route.destination.redis == nil {
            for command in NeededCommand.all(of: route.destination, from: route.streams.first) {
                if let refusal = try await refusal(of: command, user) { refusals.append((command, refusal)) }
            }
        }
        for command in NeededCommand.all(forRateAt: route.rateKey) {
            if let refusal = try await refusal(of: command, user) { refusals.append((command, refusal)) }
        }
        return Self.finding(refusals, route: route, user: user.name)
    }

    /// What only `footbridge dead replay` and `footbridge replay` take, so that who does neither can do without.
    func replayRights(_ route: RouteConfig, _ user: User) async throws(RedisError) -> [Finding] {
        var rules: [String] = []
        for place in route.streams.map(route.replayStream) {
            for command in [
                NeededCommand(rule: "xdel", arguments: [place, "0-1"]),
                NeededCommand(rule: "xinfo|groups", arguments: [place]),
            ] {
                switch try await refusal(of: command, user) {
                case .keys?: rules.append("~\(place)")
                case .command?: rules.append("+\(command.rule)")
                case .channel?, nil: break
                }
            }
        }
        guard !rules.isEmpty else { return [] }
        let line = ([user.name] + rules.uniqued()).map(Self.quoted).joined(separator: " ")
        return [
            Finding(
                .note,
                "route \(route.name): user \(user.name) may not replay dead letters; allow it: ACL SETUSER \(line)")
        ]
    }

    /// One finding for the whole route, with the line that grants what is missing.
    static func finding(_ refusals: [(command: NeededCommand, refusal: Refusal)], route: RouteConfig, user: String)
        -> Finding
    {
        guard !refusals.isEmpty else {
            return Finding(.ok, "route \(route.name): user \(user) may do all that is needed")
        }
        let commands = refusals.filter { $0.refusal == .command }.map(\.command)
        let keys = refusals.filter { $0.refusal == .keys }.map(\.command.name).uniqued()
        let channels = refusals.filter { $0.refusal == .channel }.map(\.command.name).uniqued()
        var faults: [String] = []
        if !commands.isEmpty { faults.append("may not call \(commands.map(\.name).uniqued().joined(separator: ", "))") }
        if !keys.isEmpty { faults.append("may not use the keys of \(keys.joined(separator: ", "))") }
        if !channels.isEmpty { faults.append("may not use the channel of \(channels.joined(separator: ", "))") }
        let patterns = route.streams.flatMap { [$0, route.deadLetterStream(of: $0)].compactMap(\.self) }
        let own = route.destination.redis == nil ? route.destination : nil
        let rateKeys = route.rateKey == nil ? [] : [RateLimit.keyPrefix + "*"]
        let ownKeys = patterns + (own?.keys ?? []) + rateKeys
        let rules = ownKeys.uniqued().map { "~\($0)" } + (own?.channels ?? []).map { "&\($0)" }
        return Finding(.error, text(faults, route, user, rules + commands.map { "+\($0.rule)" }.uniqued()))
    }

    private static func text(_ faults: [String], _ route: RouteConfig, _ user: String, _ rules: [String]) -> String {
        "route \(route.name): user \(user) \(faults.joined(separator: " and ")); "
            + "allow it: ACL SETUSER \(([user] + rules).map(quoted).joined(separator: " "))"
    }

    /// A word of redis-cli's command line.
    static func quoted(_ word: String) -> String {
        let needsQuotes = word.contains { $0 == " " || $0 == "\"" || $0 == "'" || $0 == "\\" }
        return needsQuotes ? "\"\(word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"" : word
    }
}

extension Result<RESPValue, ServerError> {
    fileprivate var text: String? { (try? get())?.text }
}

extension [String] {
    /// The first of equal ones, in order.
    fileprivate func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
