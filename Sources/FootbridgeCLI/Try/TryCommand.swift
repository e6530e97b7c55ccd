import ArgumentParser
import Footbridge
import FootbridgeRedis
import RedisStreams

struct TryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try",
        abstract: "Shows the request that an entry of a route becomes, and what the filter says; --send sends it.",
        discussion: """
            No bridge has to run, and the group is not touched: nothing is read as new, counted or acknowledged. Without --entry \
            and --file it is the last entry of the stream. What may be secret (fixed parts of headers and queries, signatures) is ***.

            Examples:
              footbridge try orders
              footbridge try orders --entry 1767312000000-0
              echo '{"type":"order.created","total":12.5}' > event.json && footbridge try orders --file event.json
              footbridge try orders --send

            Exit codes: 0 shown, or delivered, or the filter does not pass it, 65 it would go to the dead letters, or there is no such \
            entry, 69 not delivered, or Redis cannot be reached, 78 errors.
            """)

    @Argument(help: "The route.")
    var route: String

    @Option(help: ArgumentHelp("The entry of this id.", valueName: "id"), transform: { try EntryID(entry: $0) })
    var entry: EntryID?

    @Flag(help: "The last entry of the stream; what is taken without --entry and --file.")
    var last = false

    @Option(
        help: ArgumentHelp("A file with one JSON object: the fields, as `send --ndjson` takes them.", valueName: "file")
    )
    var file: String?

    @Option(help: ArgumentHelp("Which of the route's streams; without it the first.", valueName: "name"))
    var stream: String?

    @Flag(help: "Send it, and show the answer.")
    var send = false

    @OptionGroup var config: ConfigOption

    @OptionGroup var state: StateOption

    func validate() throws {
        if [entry != nil, last, file != nil].filter({ $0 }).count > 1 {
            throw ValidationError("--entry, --last and --file exclude each other")
        }
    }

    func run() async throws {
        let bridgeConfig = try config.load()
        let route = try bridgeConfig.routes.named(route)
        let index = try stream.map(route.index(of:)) ?? 0
        if send, route.webhook == nil {
            throw ValidationError("--send is for routes with a webhook; \(route.name) has none")
        }
        let found = try await find(in: route.streams[index])
        let trial = Trial(route: route, namespace: bridgeConfig.namespace)
        print("entry   \(found.id) of \(EscapedText.line(route.streams[index].utf8))")
        if let key = try trial.key(of: found, stream: index) { print("key     \(EscapedText.line(key.utf8))") }
        switch try trial.shape(found, stream: index) {
        case .filtered: print("filter  does not pass it: acknowledged, counted as filtered, not sent")
        case .impossible(let reason):
            print("cannot be sent; it would go to the dead letters: \(EscapedText.line(reason.text.utf8))")
            throw CommandExit.badInput
        case .request(let request):
            if route.filter != nil { print("filter  passes it") }
            print(TrialText.request(request))
            if send { try await deliver(found, trial, index) }
        case .command(let command):
            if route.filter != nil { print("filter  passes it") }
            print(TrialText.command(command))
        }
    }

    private func deliver(_ entry: StreamEntry, _ trial: Trial, _ stream: Int) async throws {
        guard let answer = try await trial.send(entry, stream: stream) else { throw CommandExit.badInput }
        print(TrialText.answer(answer))
        if !answer.isDelivered { throw CommandExit.unavailable }
    }

    private func find(in stream: String) async throws -> StreamEntry {
        if let file {
            return StreamEntry(id: EntryID(milliseconds: 0, sequence: 1), fields: try TrialFile.fields(file))
        }
        let connection = try ToolConnection(nil, config: config, state: state)
        let client = try await connection.open()
        let result: Result<[StreamEntry], RedisError>
        do throws(RedisError) {
            result = .success(
                try await client.call(
                    entry.map { .range(stream, from: .included($0), to: .included($0)) }
                        ?? .range(stream, count: 1, newestFirst: true)))
        } catch {
            result = .failure(error)
        }
        await client.close()
        switch result {
        case .failure(let error): throw connection.trouble(error).failed
        case .success(let entries):
            if let first = entries.first { return first }
            let what = entry.map { "no entry \($0)" } ?? "no entry"
            throw failure("there is \(what) in \(EscapedText.line(stream.utf8)); try --file", CommandExit.badInput)
        }
    }
}
