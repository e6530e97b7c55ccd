import TestSupport

/// What the chaos test asks of Redis and does to it, on connections of its own past the proxies.
struct Control {
    let redis: RedisService
    let count: Int
    let routes: Int

    init(redis: RedisService, streams: Int, routes: Int) {
        (self.redis, self.routes) = (redis, routes)
        count = streams
    }

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

    /// How many streams the run has.
    var streams: Range<Int> { 0..<count }

    /// The group's consumers in all streams; those of one name are several.
    func consumers() throws -> [Consumer] { try streams.flatMap(consumers(in:)) }

    /// - Throws: if the stream or its group is missing, too.
    func consumers(in stream: Int) throws -> [Consumer] {
        let reply = try command("XINFO", "CONSUMERS", Settings.stream(stream), Settings.group)
        guard case .array(let rows) = reply else { throw TestSupportError("XINFO CONSUMERS: \(reply)") }
        return rows.map { row in
            Consumer(
                name: row["name"]?.text ?? "", pending: Int(row["pending"]?.integer ?? 0),
                idle: Double(row["idle"]?.integer ?? 0) / 1000)
        }
    }

    /// The consumer that reads a stream whose entries are kept in order; `nil` if none does. It stands in the name of another:
    /// `footbridge:lease:<fence>:<token>:<milliseconds>:<consumer>`.
    func leaseHolder(of stream: Int) throws -> String? {
        let leases = try consumers(in: stream).compactMap { consumer -> (fence: Int, holder: String)? in
            let parts = consumer.name.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6, parts[0] == "footbridge", parts[1] == "lease", let fence = Int(parts[2]) else {
                return nil
            }
            return (fence, String(parts[5]))
        }
        return leases.max { $0.fence < $1.fence }?.holder
    }

    /// Whether a bridge delivers a stream whose entries are kept in order.
    func hasLease(_ bridge: Bridge) throws -> Bool {
        try streams.contains { try leaseHolder(of: $0).map(bridge.owns) ?? false }
    }

    /// Whether each stream has somebody who delivers it in order.
    func areLeased(to bridges: [Bridge]) throws -> Bool {
        try streams.allSatisfy { stream in
            try leaseHolder(of: stream).map { name in bridges.contains { $0.isRunning && $0.owns(name) } } ?? false
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

    /// Whether none of these consumers has an entry any more. A group that is gone, or a Redis that does not answer, is no
    /// answer: it throws.
    func haveNone(_ bridge: Bridge) throws -> Bool {
        try consumers().allSatisfy { !bridge.owns($0.name) || $0.pending == 0 }
    }

    /// Entries that a bridge's workers have pending.
    func pending(of bridge: Bridge) throws -> Int {
        try consumers().filter { bridge.owns($0.name) }.map(\.pending).reduce(0, +)
    }

    /// Entries that the groups have still to settle, pending and unread; `nil` if a stream or group is missing. Not the
    /// group's lag, which is unknown after some moves of the group.
    func unsettled() throws -> Int? {
        var sum = 0
        for stream in streams {
            let name = Settings.stream(stream)
            let groups = try command("XINFO", "GROUPS", name).elements
            guard let group = groups.first(where: { $0["name"]?.text == Settings.group }),
                let pending = group["pending"]?.integer, let last = group["last-delivered-id"]?.text
            else { return nil }
            let unread = try command("XRANGE", name, "(\(last)", "+", "COUNT", "1000").elements.count
            // What is settled of it is deleted.
            let replays = try command("XLEN", Settings.replays(stream, routes: routes)).integer ?? 0
            sum += Int(pending) + unread + Int(replays)
        }
        return sum
    }

    /// The highest id that a stream has given, as if all were one stream.
    func latestID() throws -> EntryID {
        try streams.compactMap { stream in
            let info = try command("XINFO", "STREAM", Settings.stream(stream))
            return info["last-generated-id"]?.text.flatMap { EntryID($0) }
        }.max() ?? EntryID(milliseconds: 0, sequence: 0)
    }

    /// All dead letters, each as its fields.
    func deadLetters() throws -> [RedisReply] {
        let probe = try redis.master.probe()
        var letters: [RedisReply] = []
        for stream in streams {
            try Self.page(Settings.deadLetters(stream, routes: routes), by: probe) { letters.append($1) }
        }
        return letters
    }

    /// Those of a stream, with their ids.
    func deadLetters(of stream: Int) throws -> [(id: String, fields: RedisReply)] {
        var letters: [(String, RedisReply)] = []
        try Self.page(Settings.deadLetters(stream, routes: routes), by: try redis.master.probe()) {
            letters.append(($0, $1))
        }
        return letters
    }

    /// Waits until the replica has all that was written.
    func settle() throws {
        let probe = try redis.master.probe()
        _ = try probe.command("SET", "chaos:settle", "")
        _ = try probe.command("WAIT", "1", "2000")
    }

    /// Looks for the entries whose XADD got no reply, where they stand if they were added. To be called when nothing is added any more.
    func find(_ gaps: [EntryBook.Gap], in book: EntryBook) throws {
        for entry in book.seen { book.find(entry.number, at: entry.id) }
        let probe = try redis.master.probe()
        for gap in gaps {
            let wanted = Set(gap.numbers)
            let (start, end) = (gap.after.map { "(\($0.text)" } ?? "-", gap.before.map { "(\($0.text)" } ?? "+")
            try Self.page(Settings.stream(gap.stream), from: start, to: end, by: probe) { id, fields in
                guard let number = fields["n"]?.text.flatMap({ Int($0) }), wanted.contains(number),
                    let id = EntryID(id, stream: gap.stream)
                else { return }
                book.find(number, at: id)
            }
        }
    }

    /// All entries of a stream between two bounds, as XRANGE takes them.
    private static func page(
        _ stream: String, from start: String = "-", to end: String = "+", by probe: RedisProbe,
        _ body: (_ id: String, _ fields: RedisReply) -> Void
    ) throws {
        var start = start
        while true {
            let page = try probe.command("XRANGE", stream, start, end, "COUNT", "500").elements
            for entry in page where entry.elements.count == 2 { body(entry.elements[0].text ?? "", entry.elements[1]) }
            guard page.count == 500, let last = page.last?.elements.first?.text else { return }
            start = "(\(last)"
        }
    }

    func script(_ script: String, stream: Int, _ arguments: [String]) throws -> RedisReply {
        let words = ["EVAL", script, "1", Settings.stream(stream), Settings.group] + arguments
        return try redis.master.probe().command(words.map { Array($0.utf8) })
    }
}
