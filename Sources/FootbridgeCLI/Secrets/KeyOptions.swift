import ArgumentParser
import FootbridgeWebhooks
import FoundationEssentials

/// Where keys are read from.
struct KeyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A variable that holds the secret; may be given several times.", valueName: "name"))
    var env: [String] = []

    @Option(help: ArgumentHelp("A file that holds the secret; may be given several times.", valueName: "file"))
    var file: [String] = []

    /// Without either option they come from standard input.
    var areOnInput: Bool { env.isEmpty && file.isEmpty }

    /// Each key, made of its text.
    func keys<Key>(_ make: (String) throws(SigningSecretError) -> Key) throws -> [Key] {
        var keys: [Key] = []
        for (place, text) in try texts() {
            do throws(SigningSecretError) {
                keys.append(try make(text))
            } catch {
                throw failure("\(place): \(error)", CommandExit.badInput)
            }
        }
        return keys
    }

    private func texts() throws -> [(place: String, text: String)] {
        if areOnInput {
            let lines = try InputFile.standardInput.read().split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
            guard !lines.isEmpty else {
                throw failure(
                    "standard input holds no secret; write it there, or name --env or --file", CommandExit.badInput)
            }
            return lines.enumerated().map { ("line \($0 + 1)", String(decoding: $1, as: UTF8.self)) }
        }
        var texts: [(place: String, text: String)] = []
        for name in env {
            guard let value = ProcessInfo.processInfo.environment[name] else {
                // The name is not repeated: the secret itself may stand there.
                throw failure("--env names a variable that is not set", CommandExit.badInput)
            }
            texts.append(("the variable \(name)", Self.withoutLineBreak(value)))
        }
        for path in file {
            let bytes = try InputFile(path: path).read()
            texts.append((path, Self.withoutLineBreak(String(decoding: bytes, as: UTF8.self))))
        }
        return texts
    }

    private static func withoutLineBreak(_ text: String) -> String {
        var bytes = Array(text.utf8)
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
