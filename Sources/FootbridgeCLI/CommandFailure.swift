import ArgumentParser
import Glibc

/// The exit codes of sysexits.h that scripts and systemd can tell apart.
enum CommandExit {
    static let unavailable = ExitCode(EX_UNAVAILABLE)
    static let configuration = ExitCode(EX_CONFIG)
    static let badInput = ExitCode(EX_DATAERR)
    static let output = ExitCode(EX_IOERR)
}

/// Writes a line to standard error.
func complain(_ text: String) {
    LineOutput.standardError.write(text)
}

/// How a command ends that cannot do what it was asked: a message without ArgumentParser's usage lines, and a code.
func failure(_ text: String, _ code: ExitCode) -> ExitCode {
    complain("footbridge: \(text)")
    return code
}
