/// What redis-cli sends for these arguments: an array of bulk strings.
/// <https://redis.io/docs/latest/develop/reference/protocol-spec/#sending-commands-to-a-redis-server>
public func command(_ arguments: String...) -> String {
    "*\(arguments.count)\r\n" + arguments.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
}
