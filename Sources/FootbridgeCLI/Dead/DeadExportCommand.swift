import ArgumentParser
import Footbridge
import RedisStreams

struct DeadExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Prints dead letters as NDJSON: all that they say, or the fields alone.",
        discussion: """
            With --entries each line holds the entry's own fields, as `send --ndjson` takes them. It leaves out what JSON cannot hold \
            (names that repeat, bytes that are no text), and says how many entries that concerns.

            Examples:
              footbridge dead export --route orders > letters.ndjson
              footbridge dead export --route orders --entries | footbridge send orders-by-hand --ndjson
            """)

    @OptionGroup var which: LetterOptions

    @Flag(help: "Only the entries' own fields.")
    var entries = false

    func run() async throws {
        let (which, entries) = (which, entries)
        try await which.perform { config, letters in
            var lossy = 0
            try await LetterWalk(which, config, letters).run { page in
                for letter in page {
                    guard entries else {
                        try LineOutput.standardOutput.put(LetterJSON.line(letter))
                        continue
                    }
                    let (line, isWhole) = EntryJSON.object(of: letter.fields)
                    if !isWhole { lossy += 1 }
                    if !letter.fields.isEmpty { try LineOutput.standardOutput.put(line.bytes) }
                }
                return true
            }
            if lossy > 0 {
                complain("footbridge: \(lossy) hold what JSON cannot; without --entries they are printed whole")
            }
        }
    }
}
