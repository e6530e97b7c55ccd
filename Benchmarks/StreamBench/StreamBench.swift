import ArgumentParser
import RedisStreams

/// One part of `Benchmarks/streams`: does its work through the library and prints what it took as a line of JSON.
@main struct StreamBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream-bench", subcommands: [Add.self, ReadGroup.self, Page.self])
}

struct Server: ParsableArguments {
    @Option var port: UInt16
    @Option var stream = "bench"

    func connect() async throws -> Redis { try await Redis.connect("redis://127.0.0.1:\(port)") }
}

/// Adds entries, so many at a time.
struct Add: AsyncParsableCommand {
    @OptionGroup var server: Server
    @Option var count: Int
    @Option var depth: Int

    func run() async throws {
        let redis = try await server.connect()
        let stream = redis.stream(server.stream)
        let meter = Meter()
        for start in Swift.stride(from: 0, to: count, by: depth) {
            try await stream.add(contentsOf: (start..<min(start + depth, count)).map(Order.fields))
        }
        meter.report(entries: count, checksum: 0)
        await redis.close()
    }
}

/// Reads all that is new for a group.
struct ReadGroup: AsyncParsableCommand {
    @OptionGroup var server: Server
    @Option var group = "g"
    @Option var count: Int

    func run() async throws {
        let redis = try await server.connect()
        let group = redis.consumerGroup(group, of: [server.stream])[server.stream]
        var (entries, checksum) = (0, 0)
        let meter = Meter()
        while true {
            let batch = try await group.read(count: count)
            if batch.isEmpty { break }
            entries += batch.count
            for entry in batch { checksum += Order.check(entry) }
        }
        meter.report(entries: entries, checksum: checksum)
        await redis.close()
    }
}

/// Reads a whole stream by iterating it.
struct Page: AsyncParsableCommand {
    @OptionGroup var server: Server

    func run() async throws {
        let redis = try await server.connect()
        var (entries, checksum) = (0, 0)
        let meter = Meter()
        for try await entry in redis.stream(server.stream)[...] {
            entries += 1
            checksum += Order.check(entry)
        }
        meter.report(entries: entries, checksum: checksum)
        await redis.close()
    }
}
