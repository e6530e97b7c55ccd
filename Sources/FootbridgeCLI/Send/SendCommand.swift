import ArgumentParser
import FootbridgeRedis
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
            other values as JSON; with --typed strings are JSON as well, with their quotes, so that `body: typed` sends each \
            member as it was. The ids of single entries go to standard output.

            Exit codes: 0 sent, 65 a line is wrong, 69 Redis cannot be reached, 74 the id could not be written, 78 Redis \
            refuses, or the configuration is wrong, 130 Ctrl-C. Lines before a wrong one are sent, and it is said how to go on; \
            with --keep-going those behind it are sent, too.
            """)

    @Argument(help: "The stream.")
    var stream: String

    @Argument(help: ArgumentHelp("Fields of one entry, in this order.", valueName: "name=value"))
    var fields: [String] = []

    @Flag(help: "Read one JSON object per line from standard input.")
    var ndjson = false

    @Flag(help: "With --ndjson: write strings as JSON, too.")
    var typed = false

    @Flag(help: "With --ndjson: tell wrong lines, leave them out, and send the others.")
    var keepGoing = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Entries per second, at most; without it as fast as Redis takes them.", valueName: "n"))
    var rate: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Keep the stream to about this many entries (XADD MAXLEN ~).", valueName: "n"))
    var maxlen: Int?

    @OptionGroup var server: RedisOption

    func validate() throws {
        if ndjson && !fields.isEmpty { throw ValidationError("--ndjson reads the fields from standard input") }
        if !ndjson && fields.isEmpty { throw ValidationError("give at least one field as name=value, or --ndjson") }
        if keepGoing && !ndjson { throw ValidationError("--keep-going goes with --ndjson") }
        if typed && !ndjson { throw ValidationError("--typed goes with --ndjson") }
        try FieldArguments.validate(fields)
        if let rate, rate < 1 { throw ValidationError("--rate must be at least 1") }
        if let maxlen, maxlen < 1 { throw ValidationError("--maxlen must be at least 1") }
    }

    func run() async throws {
        let connection = try server.connection()
        let client = try await connection.open()
        let result: Result<Void, any Error>
        if ndjson {
            result = await Interruptible.run {
                var sender = LineSender(
                    client: client, stream: stream, rate: rate, maxlen: maxlen, typed: typed,
                    keepGoing: keepGoing)
                try await sender.run()
            }
        } else {
            result = await added(client)
        }
        await client.close()
        do {
            try result.get()
        } catch let error as RedisError {
            guard error.serverError?.kind == .wrongType else { throw connection.trouble(error).failed }
            throw failure("\"\(stream)\" is not a stream: \(error)", CommandExit.configuration)
        }
    }

    /// Adds the entry of the command line.
    private func added(_ client: RedisClient) async -> Result<Void, any Error> {
        do {
            let entry = FieldArguments.fields(of: fields)
            print(try await client.call(.add(entry, to: stream, trimming: maxlen.map { .length($0) })))
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}
