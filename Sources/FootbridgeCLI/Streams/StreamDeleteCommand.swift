import ArgumentParser
import RedisStreams

struct StreamDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes entries, after it has shown them.",
        discussion: """
            An entry that is pending in a group stays pending, without its fields: it cannot be delivered any more.

            Examples:
              footbridge stream delete orders 1767312000000-0
              footbridge stream delete orders 1767312000000-0 1767312000000-1 --yes
            """)

    @OptionGroup var entries: EntryArguments

    @Flag(help: "Print a JSON object: stream, deleted.")
    var json = false

    @OptionGroup var confirmation: ConfirmOption
    @OptionGroup var server: RedisOption

    func run() async throws {
        let (stream, ids) = (entries.stream, entries.ids.distinct)
        try await server.perform(on: [stream], isMaking: false) { redis in
            try await confirmation.confirm { try await Self.loss(ids, of: stream, redis) }
            let deleted = try await redis.stream(stream).delete(ids)
            if deleted == 0 { try await redis.requireStream(stream) }
            try Count(stream: stream, what: "deleted", count: deleted).print(json: json)
        }
    }

    private static func loss(_ ids: [EntryID], of stream: String, _ redis: Redis) async throws -> [String] {
        var entries: [StreamEntry] = []
        for id in ids { if let entry = try await redis.stream(stream)[id] { entries.append(entry) } }
        guard !entries.isEmpty else { return [] }
        let name = EscapedText.line(stream.utf8)
        var lines = ["\(name): \(entries.count) \(entries.count == 1 ? "entry" : "entries") will be deleted"]
        var text = EntryText(streams: [stream])
        for entry in entries.prefix(Self.shown) {
            lines.append("  \(text.line(Message(stream: stream, id: entry.id, fields: entry.fields)))")
        }
        if entries.count > Self.shown { lines.append("  … and \(entries.count - Self.shown) more") }
        for group in try await redis.stream(stream).groups() {
            let part = redis.consumerGroup(group.name, of: [stream])[stream]
            var pending = 0
            for entry in entries { pending += try await part.pending(entry.id...entry.id, count: 1).count }
            guard pending > 0 else { continue }
            lines.append(
                "  group \(EscapedText.line(group.name.utf8)) has \(pending) of them pending: "
                    + "they cannot be delivered again")
        }
        return lines
    }

    private static let shown = 10
}
