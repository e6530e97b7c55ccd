import ArgumentParser
import Footbridge
import Glibc

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Has the running bridge read its configuration again, and waits until it is in effect.",
        discussion: """
            Reaches every bridge on this machine that runs with the same file. It checks the file first: if anything is wrong, \
            nothing is changed. Routes that have not changed go on undisturbed; a changed one finishes its requests, and begins \
            anew; a removed one hands over what it holds. What `redis`, `workers`, `instance`, `namespace`, `tracing`, `admin` and `log` (but `log.level`) say \
            cannot change while the bridge runs: then nothing is changed, either.

            Examples:
              footbridge reload
              footbridge reload -c /etc/footbridge/orders.yaml

            Exit codes: 0 in effect, 69 no bridge runs with this file, 78 not taken.
            """)

    @OptionGroup var config: ConfigOption

    func run() async throws {
        let path = config.resolved
        let bridges = ControlAddress.all(config: path).compactMap { address in
            ControlChannel.connect(to: address).map { (address, $0) }
        }
        guard !bridges.isEmpty else {
            throw failure(
                "no bridge runs with \(path) on this machine; start one with: footbridge run -c \(path)",
                CommandExit.unavailable)
        }
        for (_, channel) in bridges { channel.write("reload\n") }
        var isTaken = true
        for (address, channel) in bridges {
            let answer = channel.read() ?? ""
            channel.close()
            let name = bridges.count > 1 ? "process \(address.pid.map { "\($0)" } ?? "?"): " : ""
            let text = answer.split(separator: "\n", maxSplits: 1).dropFirst().joined()
            let shown = text.split(separator: "\n").map { name + printable($0) }
            switch answer.prefix(while: { $0 != "\n" }) {
            case "taken": for line in shown { print(line) }
            case "refused":
                isTaken = false
                for line in shown { complain(line) }
                complain("footbridge: \(name)not taken; what was read before stays in effect")
            default:
                isTaken = false
                complain("footbridge: \(name)the bridge ended, or broke off, before it answered; see its log")
            }
        }
        if !isTaken { throw CommandExit.configuration }
    }

    /// What another process says must not move the cursor.
    private func printable(_ text: Substring) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }
}
