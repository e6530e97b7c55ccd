import ArgumentParser
import Footbridge

struct ConfigSchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Prints the JSON Schema of the configuration, for editors.",
        discussion: """
            Editors with yaml-language-server complete and check a file that begins with:
              # yaml-language-server: $schema=bridge.schema.json
            The schema knows each key and how its value is written; `footbridge check` knows the rest.

            Examples:
              footbridge config schema > bridge.schema.json
            """)

    func run() async throws { print(String(ConfigSchema().text.dropLast())) }
}
