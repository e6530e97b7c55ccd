import ArgumentParser
import Footbridge
import FootbridgeCurl
import FoundationEssentials
import RedisStreams

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Shows the last attempts of a bridge on this machine, and those that follow.",
        discussion: """
            Asks the admin server of the configuration, so `admin: { listen: … }` is needed. The bridge remembers the last 1,000 attempts of \
            each route. Ends at Ctrl-C.

            Examples:
              footbridge tail orders
              footbridge tail --failed
              footbridge tail orders --status 5xx --json | jq .answer
              footbridge tail orders -n 1000 --no-follow

            Exit codes: 0 done, 64 no such route, 69 the admin server does not answer, 78 errors, or there is no admin server.
            """)

    @Argument(help: "Only attempts of this route.")
    var route: String?

    @Flag(help: "Only attempts that were not accepted.")
    var failed = false

    @Option(help: ArgumentHelp("Only attempts with this status or reason.", valueName: "503|5xx|timeout"))
    var status: String?

    @Option(
        help: ArgumentHelp("Only attempts of this entry.", valueName: "id"), transform: { try EntryID(entry: $0) })
    var entry: EntryID?

    @Option(name: [.customShort("n"), .long], help: "So many of those that were.")
    var count = 20

    @Flag(inversion: .prefixedNo, help: "Go on with those that follow.")
    var follow = true

    @Flag(help: "Print one JSON object per line.")
    var json = false

    @OptionGroup var config: ConfigOption

    func validate() throws {
        if !(0...10_000).contains(count) { throw ValidationError("-n must be 0 to 10000") }
        guard let status else { return }
        do throws(UnknownChoice) {
            _ = try AttemptFilter(status)
        } catch {
            throw ValidationError("--status: \(error)")
        }
    }

    func run() async throws {
        let bridgeConfig = try config.loadWithoutDestinations()
        guard let admin = bridgeConfig.admin else {
            throw failure(
                "there is no admin server to ask; add admin: { listen: 127.0.0.1:9464 } and restart the bridge",
                CommandExit.configuration)
        }
        if let route { _ = try bridgeConfig.routes.named(route) }
        let client = try AdminClient(admin)
        do {
            try await Interruptible.untilStopped { [self] in try await show(client, admin) }
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    private func show(_ client: AdminClient, _ admin: AdminConfig) async throws {
        let output = LineOutput.standardOutput
        var cursor: String?
        while true {
            // Those that follow are all wanted.
            let page = try await page(client, admin, after: cursor, limit: cursor == nil ? max(1, count) : 10_000)
            for attempt in cursor == nil ? page.attempts.suffix(count) : page.attempts[...] {
                try output.put(json ? ReportJSON.text(attempt) : AttemptLine.text(attempt, showsRoute: route == nil))
            }
            cursor = page.next.isEmpty ? cursor : page.next
            guard follow else { return }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func page(
        _ client: AdminClient, _ admin: AdminConfig, after cursor: String?, limit: Int
    ) async throws -> AttemptList {
        var query = URLComponents()
        query.queryItems = [
            URLQueryItem(name: "limit", value: "\(limit)"), URLQueryItem(name: "route", value: route),
            URLQueryItem(name: "failed", value: failed ? "true" : nil), URLQueryItem(name: "status", value: status),
            URLQueryItem(name: "entry", value: entry.map { "\($0)" }), URLQueryItem(name: "after", value: cursor),
        ].filter { $0.value != nil }
        let answer: AdminClient.Answer
        do throws(TransportFailure) {
            answer = try await client.get("/api/v1/attempts?\(query.percentEncodedQuery ?? "")")
        } catch {
            throw failure(
                "the admin server at \(admin.listen) does not answer (\(error.message)); does the bridge run?",
                CommandExit.unavailable)
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard answer.status == 200, let page = try? decoder.decode(AttemptList.self, from: Data(answer.body)) else {
            let said = (try? decoder.decode([String: String].self, from: Data(answer.body)))?["error"]
            throw failure(
                "the admin server at \(admin.listen) answers \(answer.status)\(said.map { ": \($0)" } ?? "")",
                answer.status == 401 ? CommandExit.configuration : CommandExit.unavailable)
        }
        return page
    }
}

/// What the admin server answers; docs/api.md.
struct AttemptList: Decodable {
    let attempts: [AttemptReport]
    let next: String
}

/// An attempt on one line.
enum AttemptLine {
    static func text(_ attempt: AttemptReport, showsRoute: Bool) -> String {
        let clock = attempt.at.split(separator: "T").last.map { String($0.prefix(12)) } ?? attempt.at
        var parts = [clock, attempt.ok ? "ok  " : "FAIL"]
        if showsRoute { parts.append(attempt.route) }
        parts.append("\(attempt.entry)\(attempt.entries.map { " and \($0 - 1) more" } ?? "")")
        parts.append("#\(attempt.attempt)")
        parts.append(attempt.status.map(String.init) ?? attempt.outcome)
        parts.append("\(attempt.durationMs) ms")
        parts.append(attempt.endpoint)
        switch attempt.then {
        case "retry":
            parts.append(
                attempt.nextInS.map { "again in \(StatusReport.time($0))" } ?? "again when the endpoint takes something"
            )
        case "settled": break
        case "dead": parts.append("given up")
        default: parts.append("undecided")
        }
        if let answer = attempt.answer {
            parts.append("answer: \(answer)")
        } else if attempt.status == nil, let error = attempt.error {
            parts.append(error)
        }
        return EscapedText.line(parts.joined(separator: "  ").utf8)
    }
}
