internal import FootbridgeRESP
internal import FootbridgeRedis

/// A script in Lua that the server runs in one step. Keep it: its digest is computed when it is made.
///
/// <https://redis.io/docs/latest/develop/programmability/eval-intro/>
public struct RedisScript: Sendable, Hashable {
    /// The text: `return redis.call('GET', KEYS[1])`.
    public let source: String
    /// What the server calls it: SHA-1 of the text, 40 hexadecimal digits.
    public let digest: String

    public init(_ source: String) {
        self.source = source
        digest = SHA1.hexadecimal(of: Array(source.utf8))
    }
}

extension Redis {
    /// Runs a script.
    ///
    /// ```swift
    /// let take = RedisScript("if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0")
    /// let isTaken = try await redis.run(take, keys: ["lock"], arguments: [token]).boolean
    /// ```
    /// `EVALSHA`; the text goes along (`EVAL`) only where the server does not have it yet.
    /// - Parameters:
    ///   - keys: the keys that it touches, `KEYS`.
    ///   - arguments: everything else, `ARGV`.
    /// - Throws: an error that the script ends with has `mayHaveRun`: what it did before stays.
    @discardableResult
    public func run(
        _ script: RedisScript, keys: [any RedisArgument] = [], arguments: [any RedisArgument] = []
    ) async throws(Failure) -> Reply {
        func call(_ name: String, _ what: String) async throws(Failure) -> RedisPool.Reply {
            let words: [any RedisArgument] = [what, keys.count] + keys + arguments
            let command = RESPCommand(name, arguments: words.map(ArgumentBytes.init))
            return try await core.use(name).perform([command], deadline: deadline)[0]
        }
        var (name, reply) = ("EVALSHA", try await call("EVALSHA", script.digest))
        if case .failure(.server(let error)) = reply, error.kind == .noScript {
            (name, reply) = ("EVAL", try await call("EVAL", script.source))
        }
        return Reply(try value(reply, name, isReadOnly: false))
    }

    /// Runs a script that is written where it is used; for one that runs often, keep a `RedisScript`.
    @discardableResult
    public func script(
        _ source: String, keys: [any RedisArgument] = [], arguments: [any RedisArgument] = []
    ) async throws(Failure) -> Reply {
        try await run(RedisScript(source), keys: keys, arguments: arguments)
    }
}
