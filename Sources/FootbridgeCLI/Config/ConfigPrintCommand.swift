import ArgumentParser
import Footbridge

struct ConfigPrintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "print",
        abstract: "Prints every key with its value, defaults filled in.",
        discussion: """
            One setting a line, in the order of the documentation; secrets are ***. The same as `footbridge check --show`, and \
            nothing else.

            Exit codes: 0 printed, 78 errors.
            """)

    @OptionGroup var config: ConfigOption

    @Flag(help: "Show the paths of endpoints, too; those of chat services are secrets.")
    var paths = false

    func run() async throws { print(try config.load().dump(paths: paths)) }
}
