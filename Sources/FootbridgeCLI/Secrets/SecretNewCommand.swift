import ArgumentParser
import FootbridgeWebhooks

struct SecretNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Prints a new secret.",
        discussion: """
            Without --asymmetric it is a whsec_… for both sides. With it, it is a private key, whsk_…, for the bridge; the \
            receiver gets what `footbridge secret public` makes of it.

            Examples:
              footbridge secret new > orders.secret
              footbridge secret new --asymmetric > orders.key; footbridge secret public --file orders.key
            """)

    @Flag(help: "A private key of ed25519 (v1a).")
    var asymmetric = false

    func run() throws {
        do throws(SigningSecretError) {
            print(try asymmetric ? SigningSecret.randomPrivateKey().revealed() : SigningSecret.random().revealed())
        } catch {
            throw failure("\(error)", CommandExit.unavailable)
        }
    }
}
