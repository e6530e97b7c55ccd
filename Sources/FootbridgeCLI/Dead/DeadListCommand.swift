import ArgumentParser
import Footbridge
import RedisStreams

struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists dead letters, oldest first.",
        discussion: """
            Examples:
              footbridge dead list
              footbridge dead list --route orders --status 4xx --since 2h
              footbridge dead list --reason timeout --where '.fields.type == "order.created"' --json
            """)

    @OptionGroup var which: LetterOptions

    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: ArgumentHelp("At most so many; of more, it says that there are more.", valueName: "n"))
    var count = 1000

    @Flag(help: "One JSON object per line, with all that the letter says.")
    var json = false

    func validate() throws {
        if count < 1 { throw ValidationError("--count must be at least 1") }
    }

    func run() async throws {
        let (which, count, json) = (which, count, json)
        try await which.perform { config, letters in
            var records = Records(["route", "stream", "letter", "entry", "reason", "attempts", "replays"], left: 7)
            var (listed, isMore) = (0, false)
            try await LetterWalk(which, config, letters).run { page in
                for letter in page {
                    guard listed < count else {
                        isMore = true
                        return false
                    }
                    listed += 1
                    if json {
                        try LineOutput.standardOutput.put(LetterJSON.line(letter))
                    } else {
                        records.add(
                            .text(letter.route ?? "?"), .text(letter.stream ?? letter.place), .id(letter.id),
                            .text(letter.entry?.description ?? "?"), .text(letter.reason), .count(letter.attempts),
                            .count(letter.replays))
                    }
                }
                return true
            }
            if !json { try records.print(json: false) }
            if listed == 0 { complain("footbridge: no such dead letters") }
            if isMore { complain("footbridge: there are more; -n \(10 * count) shows more of them") }
        }
    }
}
