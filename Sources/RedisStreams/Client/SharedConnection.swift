internal import FootbridgeRESP

/// What may go over a connection that many tasks use, at once or one after the other: commands that have one reply each, get it
/// at once, and leave the connection as it is.
enum SharedConnection {
    /// Why a command is not to be sent; `nil` if it may be.
    static func refusal(of command: RESPCommand) -> String? {
        let words = command.words(atMost: 12).map { $0.uppercased() }
        guard let name = words.first else { return nil }
        guard let reason = reason(name, words.dropFirst()) else { return nil }
        return "\(name) is not sent: it \(reason), and other tasks use the connection, too"
    }

    private static func reason(_ name: String, _ arguments: ArraySlice<String>) -> String? {
        switch name {
        case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR", "SYNC",
            "PSYNC", "REPLCONF":
            return "has no single reply"
        case "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH": return "belongs to `transaction` or `watching`"
        case "SELECT", "AUTH", "HELLO", "RESET", "QUIT", "ASKING", "READONLY", "READWRITE":
            return "changes the connection"
        case "CLIENT":
            let changing: Set = ["REPLY", "TRACKING", "CACHING"]
            return changing.contains(arguments.first ?? "") ? "changes the connection" : nil
        case "SCRIPT": return arguments.first == "DEBUG" ? "changes the connection" : nil
        case "BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP": return "blocks"
        case "XREAD": return blocks(arguments) ? "blocks" : nil
        // GROUP, the group and the consumer come first, which may be called anything.
        case "XREADGROUP": return blocks(arguments.dropFirst(3)) ? "blocks" : nil
        // Zero is for ever.
        case "WAIT", "WAITAOF": return arguments.last.flatMap { Int($0) } == 0 ? "blocks" : nil
        default: return nil
        }
    }

    private static func blocks(_ arguments: ArraySlice<String>) -> Bool {
        arguments.prefix { $0 != "STREAMS" }.contains("BLOCK")
    }
}
