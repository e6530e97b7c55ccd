import ArgumentParser
import Footbridge
import RedisStreams

struct DeadReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Gives dead letters to their route once more, and to no other.",
        discussion: """
            Each keeps its webhook-id; the header webhook-replay has the id of the letter. An entry that fails again becomes a dead \
            letter again, of the same entry, with the number of its replays. A letter is moved in one step: interrupted at any \
            moment, it is in one place, and the same command goes on.

            Examples:
              footbridge dead replay --route orders --dry-run
              footbridge dead replay --route orders --status 5xx --rate 100/s
              footbridge dead replay 1767312000500-0
              footbridge dead replay --route orders --to orders-v2
            """)

    @OptionGroup var which: LetterOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The route that gets them; without it the one that each letter is of.", valueName: "route"))
    var to: String?

    @OptionGroup var replay: ReplayOptions

    @Flag(help: "One JSON object per route: route, replayed; what stays is told as text.")
    var json = false

    func run() async throws {
        let (which, to, replay, json) = (which, to, replay, json)
        try await which.perform { config, letters in
            if let to { _ = try config.routes.named(to, option: "--to") }
            var mover = LetterMover(letters: letters, routes: config.routes, to: to, options: replay)
            do {
                let walk = try LetterWalk(which, config, letters)
                let portion = replay.rate?.portion(Letters.portion) ?? Letters.portion
                try await walk.run(portion: portion) { page in
                    try await mover.move(page)
                    return true
                }
            } catch {
                try mover.tell(json: json)
                if error.isCancellation { complain("footbridge: stopped; the same command goes on from there") }
                throw error
            }
            try mover.tell(json: json)
            if mover.isIdle { complain("footbridge: no such dead letters") }
            if mover.hasSkipped { throw CommandExit.badInput }
        }
    }
}

/// Moves letters, and counts them.
struct LetterMover {
    let letters: Letters
    let routes: [RouteConfig]
    let to: String?
    let options: ReplayOptions

    private var pace: ReplayPace
    private var replayed: [String: Int] = [:]
    /// Why letters stay, and how many.
    private var skipped: [String: Int] = [:]

    init(letters: Letters, routes: [RouteConfig], to: String?, options: ReplayOptions) {
        (self.letters, self.routes, self.to, self.options) = (letters, routes, to, options)
        pace = ReplayPace(options.rate)
    }

    var hasSkipped: Bool { !skipped.isEmpty }

    /// Nothing was meant: there are no such letters.
    var isIdle: Bool { replayed.isEmpty && skipped.isEmpty }

    private struct Way: Hashable {
        let place: String
        let route: Int
        let stream: String
    }

    mutating func move(_ page: [Letter]) async throws {
        var ways: [Way: [EntryID]] = [:]
        for letter in page {
            switch way(of: letter) {
            case .success(let way): ways[way, default: []].append(letter.id)
            case .failure(let obstacle): skipped[obstacle.text, default: 0] += 1
            }
        }
        for (way, ids) in ways.sorted(by: { $0.value[0] < $1.value[0] }) { try await move(ids, way) }
    }

    private mutating func move(_ ids: [EntryID], _ way: Way) async throws {
        let route = routes[way.route]
        var rest = ids[...]
        while !rest.isEmpty {
            if options.dryRun {
                replayed[route.name, default: 0] += rest.count
                return
            }
            let step = try await letters.replay(rest, of: way.place, to: route, stream: way.stream)
            rest = rest.dropFirst(max(1, step.looked))
            replayed[route.name, default: 0] += step.moved
            if step.skipped > 0 { skipped["Redis has something else in their place", default: 0] += step.skipped }
            try await pace.didMove(step.moved)
        }
    }

    private struct Obstacle: Error {
        let text: String
    }

    private func way(of letter: Letter) -> Result<Way, Obstacle> {
        if let obstacle = letter.obstacle { return .failure(Obstacle(text: obstacle)) }
        let (name, stream) = (to ?? letter.route ?? "", letter.stream ?? "")
        guard let index = routes.firstIndex(where: { $0.name == name }) else {
            return .failure(
                Obstacle(text: "there is no route \(EscapedText.line(name.utf8)) any more; --to gives them to another"))
        }
        guard routes[index].streams.contains(stream) else {
            return .failure(Obstacle(text: "route \(name) does not read \(EscapedText.line(stream.utf8))"))
        }
        return .success(Way(place: letter.place, route: index, stream: stream))
    }

    func tell(json: Bool) throws(OutputFailure) {
        let output = LineOutput.standardOutput
        for (route, count) in replayed.sorted(by: { $0.key < $1.key }) {
            if json {
                var line = JSONLine()
                line.add("route", route)
                line.add(options.dryRun ? "would_replay" : "replayed", count)
                try output.put(line.bytes)
            } else {
                let what = "\(count) dead \(count == 1 ? "letter" : "letters") to route \(route)"
                try output.put(options.dryRun ? "would replay \(what)" : "replayed \(what)")
            }
        }
        for (reason, count) in skipped.sorted(by: { $0.key < $1.key }) {
            complain(
                "footbridge: \(count) \(count == 1 ? "stays" : "stay") where \(count == 1 ? "it is" : "they are"): \(reason)"
            )
        }
    }
}
