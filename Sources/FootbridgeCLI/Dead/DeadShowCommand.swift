import ArgumentParser
import Footbridge
import RedisStreams

struct DeadShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows all that dead letters say: why, when, the last answer, the entry's fields.",
        discussion: """
            Examples:
              footbridge dead show 1767312000500-0
              footbridge dead show 1767312000500-0 --json | jq .fields
            """)

    @OptionGroup var which: LetterOptions

    @Flag(help: "One JSON object per line.")
    var json = false

    func validate() throws {
        if which.ids.isEmpty {
            throw ValidationError("name a letter by its id, or by that of its entry; dead list shows both")
        }
    }

    func run() async throws {
        let (which, json) = (which, json)
        try await which.perform { config, letters in
            var shown = 0
            try await LetterWalk(which, config, letters).run { page in
                for letter in page {
                    if shown > 0, !json { try LineOutput.standardOutput.put("") }
                    shown += 1
                    try LineOutput.standardOutput.put(json ? LetterJSON.line(letter) : Array(Self.text(letter).utf8))
                }
                return true
            }
            if shown == 0 {
                throw failure("no such dead letter; dead list shows those there are", CommandExit.badInput)
            }
        }
    }

    static func text(_ letter: Letter) -> String {
        func line(_ bytes: some Sequence<UInt8>) -> String { EscapedText.line(bytes) }
        var rows: [(String, String?)] = [
            ("letter", letter.id.shown), ("in", line(letter.place.utf8)), ("route", letter.route.map { line($0.utf8) }),
            ("entry", letter.entry.map { "\($0.shown) of \(line((letter.stream ?? "?").utf8))" }),
            ("reason", line(letter.reason.utf8)), ("attempts", letter.attempts.map { "\($0)" }),
            ("replays", letter.replays > 0 ? "\(letter.replays)" : nil),
            ("first", letter.firstAt.map { line($0.utf8) }),
            ("last", letter.lastAt.map { line($0.utf8) }),
            ("response", letter.response.isEmpty ? nil : line(letter.response)),
        ]
        if let obstacle = letter.obstacle { rows.append(("note", "cannot be replayed: \(obstacle)")) }
        let width = 9
        var lines = rows.compactMap { name, value in
            value.map { name + String(repeating: " ", count: width - name.count) + $0 }
        }
        lines += letter.fields.map { "  \(line($0.name)) = \(line($0.value))" }
        return lines.joined(separator: "\n")
    }
}
