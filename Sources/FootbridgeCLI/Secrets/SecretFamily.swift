import ArgumentParser

struct SecretFamily: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret",
        abstract: "Makes signing secrets, and signs and verifies with them (Standard Webhooks).",
        discussion: """
            A secret is read from a variable (--env), a file (--file) or standard input, one per line, and never from the \
            command line, which every process of the machine can read.
            """,
        subcommands: [
            SecretNewCommand.self, SecretPublicCommand.self, SecretSignCommand.self, SecretVerifyCommand.self,
        ])
}
