import ArgumentParser
import RedisStreams
import Synchronization

/// One part of `Benchmarks/streams`: does its work through the library and prints what it took as a line of JSON.
@main struct StreamBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream-bench", subcommands: [Add.self, Read.self, Calls.self, Work.self, Process.self, Page.self])
}

struct Server: ParsableArguments {
    @Option var port: UInt16
    @Option var stream = "bench"

    func connect() async throws -> Redis { try await Redis.connect("redis://127.0.0.1:\(port)") }
}

/// Adds entries.
struct Add: AsyncParsableCommand {
    @OptionGroup var server: Server
    @Option var body = Body.fields
    @Option var entries: Int

    enum Body: String, ExpressibleByArgument { case fields, data }

    func run() async throws {
        let redis = try await server.connect()
        let stream = redis.stream(server.stream)
        let meter = Meter()
        let order = body == .fields ? Order.fields : Order.data
        try await stream.add(contentsOf: (0..<entries).lazy.map { order($0) })
        meter.report(entries: entries, checksum: 0)
        await redis.close()
    }
}

struct Group: ParsableArguments {
    @OptionGroup var server: Server
    @Option var group = "g"
    @Option var entries: Int
    /// Read at once.
    @Option var count: Int
    @Option var prefetch = 2

    func connect() async throws -> ConsumerGroup {
        try await server.connect().consumerGroup(group, of: [server.stream])
    }
}

/// Reads so many new entries of a group, without acknowledging them.
struct Read: AsyncParsableCommand {
    @OptionGroup var group: Group

    func run() async throws {
        let consumers = try await group.connect()
        var (entries, checksum) = (0, 0)
        let meter = Meter()
        for try await messages in consumers.batches(count: group.count, prefetch: group.prefetch) {
            entries += messages.count
            for message in messages { checksum += Order.check(message.fields) }
            if entries >= group.entries { break }
        }
        meter.report(entries: entries, checksum: checksum)
    }
}

/// The same by single calls, each after the reply to the one before.
struct Calls: AsyncParsableCommand {
    @OptionGroup var group: Group

    func run() async throws {
        let consumers = try await group.connect()[group.server.stream]
        var (entries, checksum) = (0, 0)
        let meter = Meter()
        while entries < group.entries {
            let batch = try await consumers.read(count: group.count)
            entries += batch.count
            for entry in batch { checksum += Order.check(entry.fields) }
        }
        meter.report(entries: entries, checksum: checksum)
    }
}

/// Works through a group: each entry is looked at and acknowledged.
struct Work: AsyncParsableCommand {
    @OptionGroup var group: Group

    func run() async throws {
        let redis = try await group.server.connect()
        let consumers = redis.consumerGroup(group.group, of: [group.server.stream])
        var (entries, checksum) = (0, 0)
        let wanted = group.entries
        let meter = Meter()
        for try await message in consumers.entries(count: group.count, prefetch: group.prefetch) {
            entries += 1
            checksum += Order.check(message.fields)
            // It leaves this one pending.
            if entries == wanted { break }
        }
        // All others are acknowledged when it returns.
        await redis.close()
        meter.report(entries: entries, checksum: checksum)
    }
}

/// The same by `process`, with all that it keeps an account of.
struct Process: AsyncParsableCommand {
    @OptionGroup var group: Group

    func run() async throws {
        let consumers = try await group.connect()
        let meter = Meter()
        let wanted = group.entries
        let options = ProcessOptions(count: group.count, prefetch: group.prefetch)
        let done = AsyncStream.makeStream(of: Void.self)
        let sums = Mutex((entries: 0, checksum: 0))
        let work = Task {
            try await consumers.process(options) { message in
                let isLast = sums.withLock { sums in
                    sums.entries += 1
                    sums.checksum += Order.check(message.fields)
                    return sums.entries == wanted
                }
                if isLast { done.continuation.finish() }
            }
        }
        for await _ in done.stream {}
        // All is acknowledged when it returns.
        work.cancel()
        try await work.value
        let (entries, checksum) = sums.withLock { $0 }
        meter.report(entries: entries, checksum: checksum)
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
            checksum += Order.check(entry.fields)
        }
        meter.report(entries: entries, checksum: checksum)
        await redis.close()
    }
}
