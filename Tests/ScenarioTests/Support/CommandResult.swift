import TestSupport

/// What a command that ended has left.
struct CommandResult: Equatable {
    let exit: ChildProcess.Exit
    let output: String
    let error: String

    init(_ exit: Int32, output: String = "", error: String = "") {
        self.exit = .status(exit)
        self.output = output
        self.error = error
    }

    init(_ process: ChildProcess) throws {
        exit = try process.waitForExit()
        output = process.output
        error = process.errorOutput
    }
}

/// Runs `footbridge` with these arguments to its end.
func footbridge(_ arguments: String..., input: String? = nil) throws -> CommandResult {
    try CommandResult(.footbridge(arguments, inputFile: input))
}
