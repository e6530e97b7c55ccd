import ArgumentParser

struct ConfigFamily: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Begins a configuration, shows it with its defaults, and tells editors about it.",
        discussion: """
            Examples:
              footbridge config init
              footbridge config print -c /etc/footbridge/bridge.yaml
              footbridge config schema > bridge.schema.json
            """,
        subcommands: [ConfigInitCommand.self, ConfigPrintCommand.self, ConfigSchemaCommand.self])
}
