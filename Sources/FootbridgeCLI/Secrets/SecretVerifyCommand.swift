import ArgumentParser
import FootbridgeCurl
import FootbridgeWebhooks

struct SecretVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Says whether a request's signature is right, as a receiver would.",
        discussion: """
            The keys are secrets (whsec_…) or public keys (whpk_…). The timestamp may be five minutes off.

            Examples:
              footbridge secret verify --file orders.secret --id msg_1 --timestamp 1614265330 \
            --signature 'v1,g0hM9SsE…' < body.json
              footbridge secret verify --file orders.key.public … --at 1614265330 --body body.json

            Exit codes: 0 valid, 64 wrong usage, 65 not valid, or something cannot be read.
            """)

    @OptionGroup var keys: KeyOptions

    @Option(help: ArgumentHelp("The header webhook-id.", valueName: "id"))
    var id: String

    @Option(parsing: .unconditional, help: ArgumentHelp("The header webhook-timestamp.", valueName: "seconds"))
    var timestamp: String

    @Option(parsing: .unconditional, help: ArgumentHelp("The header webhook-signature.", valueName: "text"))
    var signature: String

    @Option(help: ArgumentHelp("The file with the body; without it standard input.", valueName: "file"))
    var body = "-"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The time of the receiver in Unix seconds; without it now.", valueName: "seconds"))
    var at: Int64?

    func validate() throws {
        if keys.areOnInput && body == "-" {
            throw ValidationError(
                "standard input is either the secret or the body; name one with --file, --env or --body")
        }
    }

    func run() throws {
        let keys = try keys.keys { text throws(SigningSecretError) in try VerificationKey(text) }
        let content = try InputFile(path: body).read()
        let result: VerificationResult
        do {
            result = try content.withUnsafeBytes { body in
                try SignatureVerifier(keys).verify(
                    id: id, timestamp: timestamp, signature: signature, body: body,
                    now: at ?? WallClock.milliseconds / 1000)
            }
        } catch {
            throw failure("\(error)", CommandExit.unavailable)
        }
        guard result == .valid else { throw failure("not valid: \(result)", CommandExit.badInput) }
        print("valid")
    }
}
