import ArgumentParser
import Footbridge
import RedisStreams

struct DeadDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Deletes dead letters for good, after it has said how many.",
        discussion: """
            Examples:
              footbridge dead drop 1767312000500-0
              footbridge dead export --until 30d > old.ndjson && footbridge dead drop --until 30d --yes
            """)

    @OptionGroup var which: LetterOptions

    @Flag(help: "Change nothing; say how many would be deleted.")
    var dryRun = false

    @OptionGroup var confirmation: ConfirmOption

    func run() async throws {
        let (which, dryRun, confirmation) = (which, dryRun, confirmation)
        try await which.perform { config, letters in
            let walk = try LetterWalk(which, config, letters)
            var counts: [String: Int] = [:]
            // Those that are buried meanwhile stay.
            var last: EntryID?
            if dryRun || !confirmation.yes {
                try await walk.run { page in
                    for letter in page where letter.isLetter { counts[letter.place, default: 0] += 1 }
                    last = max(last ?? .zero, page.last?.id ?? .zero)
                    return true
                }
                let total = counts.values.reduce(0, +)
                if dryRun {
                    return try LineOutput.standardOutput.put(
                        "would delete \(total) dead \(total == 1 ? "letter" : "letters")")
                }
                try await confirmation.confirm {
                    counts.sorted { $0.key < $1.key }.map {
                        "\(EscapedText.line($0.key.utf8)): \($0.value) dead \($0.value == 1 ? "letter" : "letters") will be deleted"
                    }
                }
            }
            var dropped = 0
            try await walk.run { page in
                // `--in` may name a stream of other things: those stay.
                let ids = page.filter(\.isLetter).map(\.id).filter { id in last.map { id <= $0 } ?? true }
                guard let place = page.first?.place else { return true }
                dropped += try await letters.drop(ids, of: place)
                return true
            }
            try LineOutput.standardOutput.put("\(dropped) deleted")
        }
    }
}
