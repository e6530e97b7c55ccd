import ArgumentParser
import Footbridge
import Glibc
import Redis
import RedisStreams

struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Adds entries to a stream: one from the command line, or many from standard input.",
        discussion: """
            Examples:
              footbridge send orders type=order.created total=12.50
              footbridge send orders --ndjson < events.ndjson
              footbridge send orders --ndjson --rate 100 --maxlen 100000 < events.ndjson
              footbridge send --redis rediss://cache.example.com orders id=7

            With --ndjson each line is a JSON object; its members become the fields of one entry, strings as they are, \
            other values as JSON. The ids of single entries go to standard output.
            """)

    @Argument(help: "The stream.")
    var stream: String

    @Argument(help: ArgumentHelp("Fields of one entry, in this order.", valueName: "name=value"))
    var fields: [String] = []

    @Flag(help: "Read one JSON object per line from standard input.")
    var ndjson = false

    @Option(help: ArgumentHelp("Entries per second, at most; without it as fast as Redis takes them.", valueName: "n"))
    var rate: Int?

    @Option(help: ArgumentHelp("Keep the stream to about this many entries (XADD MAXLEN ~).", valueName: "n"))
    var maxlen: Int?

    @Option(
        help: ArgumentHelp(
            "The server. Without it: the one of the configuration (-c), if there is one, else redis://localhost:6379/0.",
            valueName: "url"))
    var redis: String?

    @OptionGroup var config: ConfigOption
    @OptionGroup var state: StateOption

    func validate() throws {
        if ndjson && !fields.isEmpty { throw ValidationError("--ndjson reads the fields from standard input") }
        if !ndjson && fields.isEmpty { throw ValidationError("give at least one field as name=value, or --ndjson") }
        for field in fields where !field.contains("=") {
            throw ValidationError("\"\(field)\" is not of the form name=value")
        }
        if let rate, rate < 1 { throw ValidationError("--rate must be at least 1") }
        if let maxlen, maxlen < 0 { throw ValidationError("--maxlen must not be negative") }
    }

    func run() async throws {
        let client = try await ToolConnection.open(redis, config: config, state: state)
        do {
            if ndjson {
                try await sendLines(client)
            } else {
                let pairs = fields.map { field in
                    let split = field.firstIndex(of: "=") ?? field.endIndex
                    return (name: Array(field[..<split].utf8)[...], value: Array(field[split...].dropFirst().utf8)[...])
                }
                print(try await client.call(command(EntryFields(pairs))))
            }
        } catch let error as RedisError {
            await client.close()
            throw failure("\(error)", CommandExit.unavailable)
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    private func command(_ fields: EntryFields) -> StreamCommand<EntryID> {
        .add(fields, to: stream, trimming: maxlen.map { .length($0) })
    }

    /// Adds in portions; the rate is kept by the sum of what was sent, so that a slow moment is made up for.
    private func sendLines(_ client: RedisClient) async throws {
        var progress = SendProgress()
        var batch: [StreamCommand<EntryID>] = []
        let start = ContinuousClock.now
        let portion = min(256, max(1, (rate ?? 25_600) / 20))
        var lineNumber = 0
        while let line = readLine(strippingNewline: true) {
            lineNumber += 1
            progress.read(line)
            if line.allSatisfy(\.isWhitespace) { continue }
            do throws(EventLineError) {
                batch.append(command(try EventLine.fields(line)))
            } catch {
                try await flush(&batch, client, &progress)
                progress.finish()
                throw failure("line \(lineNumber): \(error)", CommandExit.badInput)
            }
            guard batch.count >= portion else { continue }
            try await flush(&batch, client, &progress)
            if let rate { try await Task.sleep(until: start + .seconds(1) * (Double(progress.sent) / Double(rate))) }
        }
        try await flush(&batch, client, &progress)
        progress.finish()
    }

    private func flush(
        _ batch: inout [StreamCommand<EntryID>], _ client: RedisClient, _ progress: inout SendProgress
    ) async throws {
        for result in await client.pipeline(batch) { _ = try result.get() }
        progress.add(batch.count)
        batch.removeAll(keepingCapacity: true)
    }
}
