import ArgumentParser
import FootbridgeCurl
import FootbridgeWebhooks

struct SecretSignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Prints the headers that a signed request has.",
        discussion: """
            Examples:
              footbridge secret sign --file orders.secret --id msg_1 < body.json
              footbridge secret sign --env NEW --env OLD --id msg_1 --timestamp 1614265330 --body body.json

            Exit codes: 0 done, 64 wrong usage, 65 it is no secret, or cannot be read.
            """)

    @OptionGroup var keys: KeyOptions

    @Option(help: ArgumentHelp("The message's id.", valueName: "id"))
    var id: String

    @Option(parsing: .unconditional, help: ArgumentHelp("Unix seconds; without it now.", valueName: "seconds"))
    var timestamp: Int64?

    @Option(help: ArgumentHelp("The file with the body; without it standard input.", valueName: "file"))
    var body = "-"

    func validate() throws {
        if keys.areOnInput && body == "-" {
            throw ValidationError(
                "standard input is either the secret or the body; name one with --file, --env or --body")
        }
        if id.isEmpty || !id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ".") }) {
            throw ValidationError("--id takes printable characters without spaces and dots")
        }
    }

    func run() throws {
        let secrets = try keys.keys { text throws(SigningSecretError) in try SigningSecret(text) }
        let content = try InputFile(path: body).read()
        let time = timestamp ?? WallClock.milliseconds / 1000
        var signature: [UInt8] = []
        do {
            let signer = try Signer(secrets)
            try content.withUnsafeBytes { body in
                try signer.sign(id: Array(id.utf8), timestamp: time, body: body, into: &signature)
            }
        } catch {
            throw failure("\(error)", CommandExit.unavailable)
        }
        print("webhook-id: \(id)\nwebhook-timestamp: \(time)")
        print("webhook-signature: \(String(decoding: signature, as: UTF8.self))")
    }
}
