import TestSupport

/// A row of `XPENDING`.
struct Pending: Equatable {
    let id: String
    let consumer: String
    let deliveries: Int64
}

/// A field of an entry; binary where it has to be.
struct Field: Equatable, CustomStringConvertible {
    let name: String
    let value: [UInt8]

    init(_ name: String, _ value: [UInt8]) {
        self.name = name
        self.value = value
    }

    init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }

    var text: String { String(decoding: value, as: UTF8.self) }
    var description: String { "\(name)=\(text)" }
}

extension RedisProbe {
    /// Adds an entry; gives its id.
    @discardableResult
    func add(_ fields: [Field], to stream: String = "orders") throws -> String {
        let words = ["XADD", stream, "*"].map { Array($0.utf8) } + fields.flatMap { [Array($0.name.utf8), $0.value] }
        return try id(command(words))
    }

    /// Adds entries with the field `n`, one for each number; gives their ids.
    @discardableResult
    func add(numbers: some Sequence<Int>, to stream: String = "orders") throws -> [String] {
        try pipeline(numbers.map { number in ["XADD", stream, "*", "n", "\(number)"].map { Array($0.utf8) } }).map(id)
    }

    private func id(_ reply: RedisReply) throws -> String {
        guard case .bulk = reply, let id = reply.text else { throw TestSupportError("XADD: \(reply)") }
        return id
    }

    /// What is pending, in the order of ids; the first thousand.
    func pending(_ stream: String = "orders", _ group: String = "orders") throws -> [Pending] {
        try command("XPENDING", stream, group, "-", "+", "1000").elements.map { row in
            let row = row.elements
            return Pending(id: row[0].text ?? "", consumer: row[1].text ?? "", deliveries: row[3].integer ?? -1)
        }
    }

    /// The names of a group's consumers, without those that only say something of the group or of a process.
    func consumers(_ stream: String = "orders", _ group: String = "orders") throws -> [String] {
        try command("XINFO", "CONSUMERS", stream, group).elements.compactMap { $0["name"]?.text }
            .filter { name in !["group", "owner", "taken"].contains { name.hasPrefix("footbridge:\($0):") } }
    }

    /// How many entries the group has still to settle, pending and unread; `nil` while there is no group.
    func unsettled(_ stream: String = "orders", _ group: String = "orders") throws -> Int64? {
        let groups = try command("XINFO", "GROUPS", stream).elements
        guard let group = groups.first(where: { $0["name"]?.text == group }), let pending = group["pending"]?.integer,
            let last = group["last-delivered-id"]?.text
        else { return nil }
        // Not the group's lag, which is unknown after some moves of the group.
        let unread = try command("XRANGE", stream, "(\(last)", "+").elements.count
        return pending + Int64(unread)
    }

    /// The fields of each entry of a stream, in their order.
    func entries(_ stream: String) throws -> [[Field]] {
        try command("XRANGE", stream, "-", "+").elements.map { entry in
            let words = entry.elements[1].elements
            return stride(from: 0, to: words.count - 1, by: 2).map { index in
                guard case .bulk(let value) = words[index + 1] else { return Field("", []) }
                return Field(words[index].text ?? "", value)
            }
        }
    }
}
