internal import FootbridgeRESP
internal import FootbridgeRedis

/// A script that is sent as a whole until the server has given its hash, and by that from then on.
///
/// <https://redis.io/docs/latest/commands/evalsha/>
final class LoadedScript {
    private let text: String
    private var connection: RedisConnection?
    /// On `connection`.
    private var hash: [UInt8]?

    init(_ text: String) { self.text = text }

    /// Begins a call: its command, the script, and the number of keys. The arguments, keys first, are the caller's.
    ///
    /// - Parameters:
    ///   - arguments: how many will follow.
    ///   - isWhole: the server has forgotten the script, which it says by `NOSCRIPT`: then nothing was run.
    func begin(
        keys: Int, arguments: Int, isWhole: Bool = false, capacity: Int, on connection: RedisConnection
    ) -> RESPEncoder {
        if self.connection !== connection { load(on: connection) }
        let hash = isWhole ? nil : hash
        var encoder = RESPEncoder(capacity: capacity + 96 + (hash == nil ? text.utf8.count : 0))
        encoder.beginCommand(argumentCount: 3 + arguments)
        if let hash {
            encoder.argument("EVALSHA" as StaticString)
            encoder.argument(hash)
        } else {
            encoder.argument("EVAL" as StaticString)
            encoder.argument(text)
        }
        encoder.argument(integer: keys)
        return encoder
    }

    /// A user that may not is served by whole scripts.
    private func load(on connection: RedisConnection) {
        self.connection = connection
        hash = nil
        connection.send(["SCRIPT", "LOAD", text]) { [weak self] reply in
            guard let self, self.connection === connection, case .success(let value) = reply else { return }
            hash = value.bytes.map { Array($0) }
        }
    }
}
