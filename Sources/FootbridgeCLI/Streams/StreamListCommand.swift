import ArgumentParser
import Footbridge
import RedisStreams

struct StreamListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the streams that there are.",
        discussion: """
            LAG is what the group that is furthest behind has still to read; ? where Redis does not know it, - without groups. \
            LAST is the highest id that the stream has had. Redis looks at all keys of the database for it, a thousand at a \
            time (SCAN).

            Examples:
              footbridge stream list
              footbridge stream list 'orders:*'
              footbridge stream list --json | jq 'select(.lag > 1000).stream'
            """)

    @Argument(help: ArgumentHelp("Only these, by their names: * stands for any characters.", valueName: "pattern"))
    var pattern: String?

    @OptionGroup var output: RecordOutput
    @OptionGroup var server: RedisOption

    func run() async throws {
        try await server.perform(on: []) { redis in
            let names = try await redis.streamNames(like: pattern)
            var records = Records(["stream", "length", "groups", "lag", "last"], left: 1)
            for start in stride(from: 0, to: names.count, by: Self.portion) {
                for row in try await Self.rows(names[start..<min(start + Self.portion, names.count)], redis) {
                    records.add(row)
                }
            }
            try records.print(json: output.json)
            if records.rows.isEmpty { complain("footbridge: no streams\(pattern == nil ? "" : " of such a name")") }
        }
    }

    /// So many are asked for at once.
    private static let portion = 64

    /// In the order of the names, without those that have gone meanwhile.
    private static func rows(_ names: ArraySlice<StreamName>, _ redis: Redis) async throws -> [[RecordValue]] {
        try await withThrowingTaskGroup(of: (Int, [RecordValue]?).self) { tasks in
            for (index, name) in names.enumerated() { tasks.addTask { (index, try await row(name, redis)) } }
            var rows: [[RecordValue]?] = Array(repeating: nil, count: names.count)
            for try await (index, row) in tasks { rows[index] = row }
            return rows.compactMap(\.self)
        }
    }

    private static func row(_ name: StreamName, _ redis: Redis) async throws -> [RecordValue]? {
        do {
            let stream = redis.stream(name)
            let info = try await stream.info()
            let lags = info.groupCount == 0 ? [] : try await stream.groups().map(\.lag)
            let known = lags.compactMap(\.self)
            return [
                .text(name.description), .count(info.length), .count(info.groupCount),
                lags.isEmpty ? .absent : .count(known.count == lags.count ? known.max() : nil),
                .id(info.lastID == .zero ? nil : info.lastID),
            ]
        } catch {
            guard error.kind == .noStream || error.kind == .wrongType else { throw error }
            return nil
        }
    }
}

extension Redis {
    /// The streams of the database, in the order of their names. `SCAN … TYPE stream`
    ///
    /// - Parameters:
    ///   - pattern: as of `KEYS`.
    ///   - steps: how often to ask at most, for some thousand keys each time.
    func streamNames(like pattern: String? = nil, steps: Int = .max) async throws -> [StreamName] {
        var names: Set<StreamName> = []
        var cursor = "0"
        var asked = 0
        repeat {
            let page = try await call(.streamNames(after: cursor, like: pattern ?? "*"))
            names.formUnion(page.names)
            cursor = page.cursor
            asked += 1
        } while cursor != "0" && asked < steps
        return names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// The stream that was probably meant by the name of one that is not there; of the first streams that are found, for this
    /// is only a hint.
    func streamName(near name: String) async -> String? {
        let names = (try? await streamNames(steps: 10)) ?? []
        return nearest(to: name, among: names.map(\.description))
    }
}
