import ArgumentParser
import FootbridgeWebhooks

struct SecretPublicCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "public",
        abstract: "Prints the public key, whpk_…, of a private one.",
        discussion: """
            Examples:
              footbridge secret public --file orders.key
              footbridge secret public < orders.key

            Exit codes: 0 done, 65 it is no private key, or cannot be read.
            """)

    @OptionGroup var options: KeyOptions

    func run() throws {
        for key in try options.keys({ text throws(SigningSecretError) in try VerificationKey(text) }) {
            guard let text = key.publicText else {
                throw failure(
                    "a whsec_ is shared and has no public key; make a pair with: footbridge secret new --asymmetric",
                    CommandExit.badInput)
            }
            print(text)
        }
    }
}
