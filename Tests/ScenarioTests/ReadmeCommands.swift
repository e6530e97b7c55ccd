import TestSupport
import TestThreads
import Testing

/// Commands of the README whose words pass a shell, or two.
@Suite(.serialized, .ownThreads) struct ReadmeCommands {
    /// systemd reads `bridge.env`, and so does the shell of the commands below it: quotes mean the same to both.
    @Test(arguments: [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "pa$HOME ss; * `id` \"x\" \\n #",
    ])
    func `a secret arrives in the environment as it is`(secret: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write(secret + "\n", to: "orders.secret")
        let line = try #require(
            Repository.text("README.md").split(separator: "\n").first { $0.hasPrefix("printf \"ORDERS_SECRET=") })
        #expect(line.contains("| sudo tee /etc/footbridge/bridge.env "))
        let write = line.replacing("sudo tee /etc/footbridge/bridge.env", with: "tee bridge.env")
        let script = "cd \"$0\" && \(write) && set -a && . ./bridge.env && exec printenv ORDERS_SECRET"
        #expect(
            try CommandResult(ChildProcess("/bin/sh", ["-c", script, directory.path]))
                == CommandResult(0, output: secret + "\n"))
    }
}
