import ArgumentParser
import Glibc

/// `--yes`, and the question without it, before anything that cannot be taken back.
struct ConfirmOption: ParsableArguments {
    @Flag(name: [.customShort("y"), .long], help: "Do not show what would be lost, and do not ask.")
    var yes = false

    /// - Parameter loss: what will be lost, in lines; empty if nothing will.
    /// - Throws: the exit code, if the answer is no, or there is nobody to ask.
    func confirm(_ loss: () async throws -> [String]) async throws {
        if yes { return }
        let lines = try await loss()
        if lines.isEmpty { return }
        for line in lines { complain(line) }
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw failure(
                "nothing was changed: there is no terminal to ask at; add --yes to do it without being asked",
                ExitCode(EX_USAGE))
        }
        LineOutput.standardError.prompt("Go on? [y/N] ")
        let answer = readLine()?.lowercased()
        guard answer == "y" || answer == "yes" else { throw failure("nothing was changed", .failure) }
    }
}
