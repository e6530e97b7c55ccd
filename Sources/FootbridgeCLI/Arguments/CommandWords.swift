import ArgumentParser
import Footbridge

/// The words that name a command, `stream list`: the parser says only that one of them is unexpected.
struct CommandWords {
    let root: any ParsableCommand.Type

    /// What is wrong with the first word that stands where a command's name is due, and names none.
    func objection(to words: [String]) -> String? {
        var command = root
        var path: [String] = []
        for (index, word) in words.enumerated() {
            let known = command.configuration.subcommands
            guard !known.isEmpty, !word.hasPrefix("-") else { return nil }
            if index == 0 && word == "help" { continue }
            guard let next = known.first(where: { $0._commandName == word }) else {
                let names = known.map { $0._commandName }
                let unknown = EscapedText.line((path + [word]).joined(separator: " ").utf8, columns: 80)
                let cure =
                    nearest(to: word, among: names).map { "did you mean \((path + [$0]).joined(separator: " "))?" }
                    ?? "there are \(names.joined(separator: ", "))"
                return "there is no command \"\(unknown)\"; \(cure)"
            }
            command = next
            path.append(word)
        }
        return nil
    }
}
