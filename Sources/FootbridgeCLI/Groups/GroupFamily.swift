import ArgumentParser

/// `footbridge group …`
struct GroupFamily: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "Reads and changes consumer groups of Redis streams.",
        discussion: """
            Redis keeps a group per stream; groups of one name over several streams are one here. \
            `footbridge stream tail … --group` follows the progress of a group.

            Exit codes: 0 done, 1 not confirmed, 64 wrong usage, or nobody to confirm, 69 Redis cannot be reached, 74 the output \
            cannot be written, 78 Redis refuses: no such stream or group, a key that is no stream, missing rights.
            """,
        subcommands: [
            GroupCreateCommand.self, GroupDestroyCommand.self, GroupListCommand.self, GroupReadCommand.self,
            GroupPendingCommand.self, GroupAcknowledgeCommand.self, GroupClaimCommand.self, GroupSetIDCommand.self,
            GroupConsumersCommand.self, GroupRemoveConsumerCommand.self,
        ])
}

/// Which group, and its streams.
struct GroupArguments: ParsableArguments {
    @Argument(help: "The group.")
    var group: String

    @Argument(help: "Its streams.")
    var streams: [String]
}

/// Who reads or claims.
struct ConsumerOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The consumer; without it the group's name with .c1 behind it.", valueName: "name"))
    var consumer: String?
}
