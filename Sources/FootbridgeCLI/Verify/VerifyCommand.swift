import ArgumentParser
import Footbridge
import FootbridgeRedis
import RedisStreams

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Proves from Redis that every entry is settled, pending or unread, and that none has gone missing.",
        discussion: """
            ADDED is what the stream ever got, READ what the group has passed, SETTLED what it has acknowledged: delivered, filtered or \
            buried, and what was there before the group began. GONE are entries that left the stream before they were read, or while \
            they were pending (XTRIM, MAXLEN, XDEL). The books close if nothing is gone, and ADDED = SETTLED + PENDING + UNREAD. ? is what \
            Redis does not know: after deletions in the middle of a stream, and some moves of a group.

            Reads only; a bridge may run meanwhile. Secrets of receivers are not needed.

            Examples:
              footbridge verify
              footbridge verify orders --json

            Exit codes: 0 the books close, 1 they do not, or nobody can tell, 64 no such route, 69 Redis cannot be reached, 78 errors.
            """)

    @Argument(help: "Only these routes.")
    var routes: [String] = []

    @OptionGroup var config: ConfigOption

    @OptionGroup var state: StateOption

    @Flag(help: "Print one JSON object; what is unknown is left out.")
    var json = false

    func run() async throws {
        let known = try config.loadWithoutDestinations().routes
        for name in routes { _ = try known.named(name) }
        let connection = try ToolConnection(nil, config: config, state: state)
        let client = try await connection.open()
        let wanted = known.filter { routes.isEmpty || routes.contains($0.name) }
        let result = await books(of: wanted, client)
        await client.close()
        switch result {
        case .failure(let error): throw connection.trouble(error).failed
        case .success(let books):
            print(json ? ReportJSON.text(books) : books.text(width: LineOutput.standardOutput.terminalColumns))
            if !books.areClosed { throw ExitCode(1) }
        }
    }

    private func books(of routes: [RouteConfig], _ client: RedisClient) async -> Result<Books, RedisError> {
        var books = Books()
        do throws(RedisError) {
            for route in routes {
                for stream in route.streams {
                    let account = try await StreamAccount.of(stream, group: route.group, client)
                    var letters: Int?
                    if let place = route.deadLetterStream(of: stream) {
                        letters = try await client.call(.length(of: place))
                    }
                    let replaying = try await client.call(.length(of: route.replayStream(of: stream)))
                    books.rows.append(
                        Books.Row(
                            route: route.name, stream: stream, account, deadLetters: letters, replaying: replaying))
                }
            }
        } catch {
            return .failure(error)
        }
        return .success(books)
    }
}

/// What `footbridge verify` shows.
struct Books: Encodable, Equatable {
    struct Row: Encodable, Equatable {
        let route: String
        let stream: String
        /// `closes`, `does not close`, `unknown`, or `no group`.
        let books: String
        var added: Int?
        var read: Int?
        var settled: Int?
        var pending: Int?
        var unread: Int?
        var goneUnread: Int?
        var gonePending: Int?
        let deadLetters: Int?
        let replaying: Int

        /// - Parameter account: `nil` if there is no such stream or group yet.
        init(route: String, stream: String, _ account: StreamAccount?, deadLetters: Int?, replaying: Int) {
            (self.route, self.stream, self.deadLetters, self.replaying) = (route, stream, deadLetters, replaying)
            guard let account else {
                books = "no group"
                return
            }
            (added, read, settled) = (account.added, account.read, account.settled)
            (pending, unread) = (account.pending, account.unread)
            (goneUnread, gonePending) = (account.unreadGone, account.pendingGone)
            switch account.verdict {
            case .closes: books = "closes"
            case .doesNotClose: books = "does not close"
            case .unknown: books = "unknown"
            }
        }

        /// Nobody has read it, so nothing is owed.
        var isClosed: Bool { books == "closes" || books == "no group" }
    }

    var rows: [Row] = []

    var areClosed: Bool { rows.allSatisfy(\.isClosed) }

    func text(width: Int?) -> String {
        var table = TextTable(
            [
                "ROUTE", "STREAM", "BOOKS", "ADDED", "READ", "SETTLED", "PENDING", "UNREAD", "GONE", "DEAD LETTERS",
                "REPLAYING",
            ],
            left: 3)
        for row in rows {
            func shown(_ number: Int?) -> String { row.added == nil ? "-" : number.map(String.init) ?? "?" }
            let gone = row.goneUnread.flatMap { unread in row.gonePending.map { unread + $0 } }
            table.add([
                row.route, row.stream, row.books, shown(row.added), shown(row.read), shown(row.settled),
                shown(row.pending),
                shown(row.unread), shown(gone), row.deadLetters.map(String.init) ?? "off", "\(row.replaying)",
            ])
        }
        return table.text(width: width)
    }
}
