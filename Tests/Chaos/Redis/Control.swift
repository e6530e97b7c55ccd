import TestSupport

/// What the chaos test asks of Redis and does to it, on connections of its own past the proxies.
struct Control {
    let redis: RedisService

    struct Consumer {
        let name: String
        let pending: Int
        /// Seconds since it showed life.
        let idle: Double
    }

    @discardableResult
    func command(_ words: String...) throws -> RedisReply {
        try redis.master.probe().command(words.map { Array($0.utf8) })
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

    /// Ends all connections but those of replicas and Sentinels: without these the master would be taken for dead.
    func killClients() throws {
        for type in ["normal", "pubsub"] {
            let list = try command("CLIENT", "LIST", "TYPE", type).text ?? ""
            for line in list.split(separator: "\n") where !line.contains(" name=sentinel-") {
                // `id=7 addr=…`; one of them is this connection of its own, which has ended by now.
                let id = line.dropFirst(3).prefix { $0 != " " }
                try command("CLIENT", "KILL", "ID", String(id))
            }
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
        let probe = try redis.master.probe()
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
        return try redis.master.probe().command(words.map { Array($0.utf8) })
    }
}
