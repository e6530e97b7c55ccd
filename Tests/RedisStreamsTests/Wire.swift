import FootbridgeRESP
import FootbridgeRedis

@testable import RedisStreams

/// What redis-cli sends for these arguments: an array of bulk strings.
/// <https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server>
func sent(_ arguments: String...) -> String {
    "*\(arguments.count)\r\n" + arguments.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
}

extension StreamCommand {
    var text: String { String(decoding: command.encoded, as: UTF8.self) }

    /// What a reply on the wire is taken for.
    func answer(_ wire: String) throws -> Result<Reply, RedisError> {
        var decoder = RESPDecoder()
        Array(wire.utf8).withUnsafeBytes { decoder.append($0) }
        guard let value = try decoder.next() else { throw Incomplete() }
        return result(.success(value))
    }

    struct Incomplete: Error {}
}

/// The bulk strings and nulls that tests of replies are full of: `bulk("1-1")` is `$3\r\n1-1\r\n`.
func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }

func array(_ elements: String...) -> String { "*\(elements.count)\r\n" + elements.joined() }

func map(_ elements: String...) -> String { "%\(elements.count / 2)\r\n" + elements.joined() }

/// An entry with its fields in a flat array, as both protocols have it.
func row(_ id: String, _ fields: String...) -> String {
    array(bulk(id), "*\(fields.count)\r\n" + fields.map(bulk).joined())
}
