import ArgumentParser
import Footbridge
import FootbridgeRedis
import RedisStreams

/// Which dead letters, and where they are.
struct LetterOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Ids of letters, or of the entries they are of; without any, all.", valueName: "id"),
        transform: { try EntryID(entry: $0) })
    var ids: [EntryID] = []

    @Option(parsing: .unconditionalSingleValue, help: ArgumentHelp("Of this route.", valueName: "name"))
    var route: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Whose reason is, begins with or ends in this: rejected, timeout, 'exhausted: http_503'.",
            valueName: "text"),
        transform: { text in
            do throws(UnknownChoice) {
                return try LetterSelection.reason(text)
            } catch {
                throw ValidationError("\(error)")
            }
        })
    var reason: [String] = []

    @Option(
        parsing: .unconditionalSingleValue, help: ArgumentHelp("Answered with this: 422, 4xx.", valueName: "status"),
        transform: { text in
            guard let status = LetterSelection.Status(text) else {
                throw ValidationError("write a status from 100 to 599, such as 422, or 4xx for all of its kind")
            }
            return status
        })
    var status: [LetterSelection.Status] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Buried from here on: an id, a time, or how long ago (2h).", valueName: "place"),
        transform: { try EntryBound(start: $0) })
    var since: EntryBound?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Buried up to here.", valueName: "place"),
        transform: { try EntryBound(end: $0) })
    var until: EntryBound?

    @Option(
        name: .customLong("where"), parsing: .unconditional,
        help: ArgumentHelp(
            "For which this jq program gives something; it sees what `dead list --json` prints.", valueName: "jq"))
    var filter: String?

    @Option(
        name: .customLong("in"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "The stream that the letters are in; without it those of the configuration.", valueName: "stream"))
    var places: [String] = []

    @OptionGroup var config: ConfigOption
    @OptionGroup var state: StateOption

    func validate() throws {
        try EntryInterval(from: since ?? .open, to: until ?? .open).validate("--since", "--until")
    }

    func selection() -> LetterSelection {
        var selection = LetterSelection()
        (selection.routes, selection.reasons, selection.statuses) = (Set(route), reason, status)
        selection.interval = EntryInterval(from: since ?? .open, to: until ?? .open)
        selection.ids = Set(ids)
        return selection
    }

    /// The jq program, compiled.
    func compiledFilter() throws -> ProgramFilter? {
        do throws(ProgramFilter.Failure) {
            guard let filter else { return nil }
            return try ProgramFilter(filter)
        } catch {
            throw ValidationError("--where: \(error)")
        }
    }

    /// The streams that letters may be in.
    func places(in config: BridgeConfig) throws -> [String] {
        if !places.isEmpty { return places.distinct }
        let known = config.routes.map(\.name)
        if let stranger = route.first(where: { !known.contains($0) }) {
            let trouble = UnknownChoice(EscapedText.line(stranger.utf8), what: "route", known)
            throw ValidationError("\(trouble); letters of a route that is gone are found with --in STREAM")
        }
        return config.routes.filter { route.isEmpty || route.contains($0.name) }
            .flatMap { route in route.streams.flatMap(route.deadLetterStreams) }.distinct
    }

    /// Connects, does the work, and tells what went wrong, with its cure.
    func perform(
        _ body: @escaping @Sendable (BridgeConfig, Letters) async throws -> Void
    ) async throws {
        let bridgeConfig = try config.loadWithoutDestinations()
        let connection = try ToolConnection(nil, config: config, state: state)
        let client = try await connection.open()
        let result = await Interruptible.run { try await body(bridgeConfig, Letters(client)) }
        await client.close()
        do {
            try result.get()
        } catch let error as RedisError {
            throw connection.trouble(error).failed
        } catch let error as ProgramFilter.Failure {
            throw failure("--where: \(error)", CommandExit.badInput)
        }
    }
}
