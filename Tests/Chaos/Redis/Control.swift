import TestSupport

/// What the chaos test asks of Redis and does to it, on connections of its own past the proxies.
struct Control {
    let server: RedisServer

    struct Consumer {
        let name: String
        let pending: Int
        /// Seconds since it showed life.
        let idle: Double
    }

    @discardableResult
    func command(_ words: String...) throws -> RedisReply {
        try server.probe().command(words.map { Array($0.utf8) })
    }

    func consumers() throws -> [Consumer] {
        try command("XINFO", "CONSUMERS", Settings.stream, Settings.group).elements.map { row in
            Consumer(
                name: row["name"]?.text ?? "", pending: Int(row["pending"]?.integer ?? 0),
                idle: Double(row["idle"]?.integer ?? 0) / 1000)
        }
    }

    /// The name of each connection.
    func clientNames() throws -> [String] {
        let list = try command("CLIENT", "LIST").text ?? ""
        return list.split(separator: "\n").compactMap { line in
            line.split(separator: " ").first { $0.hasPrefix("name=") }.map { String($0.dropFirst(5)) }
        }
    }

    /// Entries that a consumer has pending.
    func pending(of consumer: String) throws -> Int {
        try consumers().first { $0.name == consumer }?.pending ?? 0
    }

    /// Entries that the group has still to settle, pending and unread. Not the group's lag, which is unknown after some
    /// moves of the group.
    func unsettled() throws -> Int? {
        let groups = try command("XINFO", "GROUPS", Settings.stream).elements
        guard let group = groups.first(where: { $0["name"]?.text == Settings.group }),
            let pending = group["pending"]?.integer, let last = group["last-delivered-id"]?.text
        else { return nil }
        let unread = try command("XRANGE", Settings.stream, "(\(last)", "+", "COUNT", "1000").elements.count
        return Int(pending) + unread
    }

    /// All dead letters, each as its fields.
    func deadLetters() throws -> [RedisReply] {
        let probe = try server.probe()
        var letters: [RedisReply] = []
        var start = "-"
        while true {
            let page = try probe.command("XRANGE", Settings.deadLetters, start, "+", "COUNT", "1000").elements
            letters += page.map { $0.elements[1] }
            guard page.count == 1000, let last = page.last?.elements[0].text else { return letters }
            start = "(\(last)"
        }
    }

    func script(_ script: String, _ arguments: [String]) throws -> RedisReply {
        let words = ["EVAL", script, "1", Settings.stream, Settings.group] + arguments
        return try server.probe().command(words.map { Array($0.utf8) })
    }
}
