import TestSupport
import Testing

/// One Redis, and commands that find it by `REDIS_URL`.
struct ShellScene {
    let server: RedisServer
    let redis: RedisProbe

    init(_ options: RedisServer.Options = .init()) throws {
        server = try RedisServer(options)
        redis = try server.probe()
    }

    var environment: [String: String] { ["REDIS_URL": server.url] }

    /// Runs a command to its end.
    func run(_ words: String...) throws -> CommandResult { try CommandResult(start(words)) }

    func start(_ words: [String]) throws -> ChildProcess { try .footbridge(words, environment: environment) }

    /// Adds an entry with one field, `n`.
    func add(_ stream: String, _ id: String, _ number: Int = 1) throws {
        #expect(try redis.command("XADD", stream, id, "n", "\(number)").text == id)
    }

    /// The ids of a stream's entries.
    func ids(_ stream: String) throws -> [String] {
        try redis.command("XRANGE", stream, "-", "+").elements.compactMap { $0.elements[0].text }
    }

    /// What a command says that would destroy and cannot ask.
    static let nobodyToAsk =
        "footbridge: nothing was changed: there is no terminal to ask at; add --yes to do it without being asked\n"
}
