import ArgumentParser
import Footbridge
import Glibc

struct ConfigInitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Writes a configuration to begin with.",
        discussion: """
            A file that is there is not overwritten. `-` in place of a file prints it.

            Examples:
              footbridge config init
              footbridge config init /etc/footbridge/bridge.yaml

            Exit codes: 0 written, 74 it cannot be written, 78 there is a file already.
            """)

    @Argument(help: ArgumentHelp("Where to write it.", valueName: "file"))
    var file = "bridge.yaml"

    func run() async throws {
        if file == "-" { return print(String(StarterFile.text.dropLast())) }
        // Secrets may come to stand in it.
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            if errno == EEXIST {
                throw failure("\(file) is there already; name another file, or move it away", CommandExit.configuration)
            }
            throw failure("cannot write \(file): \(String(cString: strerror(errno)))", ExitCode(EX_IOERR))
        }
        defer { close(descriptor) }
        do throws(OutputFailure) {
            try LineOutput(descriptor: descriptor).put(StarterFile.text.utf8.dropLast())
        } catch {
            unlink(file)
            throw failure("cannot write \(file): \(String(cString: strerror(errno)))", ExitCode(EX_IOERR))
        }
        print("\(file) is written. Put in where your entries go, then: footbridge check -c \(file)")
    }
}
