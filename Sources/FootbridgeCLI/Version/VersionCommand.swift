import ArgumentParser
import Footbridge
import FootbridgeCurl
import FootbridgeWebhooks

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Shows the versions of footbridge and of the libraries it runs with.")

    func run() async throws {
        print("footbridge \(Version.current)")
        print("libcurl    \(CurlGlobal.version) (\(CurlGlobal.tlsVersion))")
        print("OpenSSL    \(Libcrypto.version)")
    }
}
