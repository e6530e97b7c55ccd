import TestSupport
import TestThreads
import Testing

/// The sessions in docs/streams-shell.md, run from the first to the last against one Redis.
@Suite(.serialized, .ownThreads) struct ShellArticle {
    /// A command and what it prints.
    private struct Step {
        let command: String
        var output = ""
    }

    private func steps() throws -> [Step] {
        let blocks = try Repository.text("docs/streams-shell.md").split(separator: "```\n")
        var steps: [Step] = []
        for line in blocks.filter({ $0.hasPrefix("$ ") }).joined().split(separator: "\n") {
            if line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2))))
            } else {
                steps[steps.count - 1].output += line + "\n"
            }
        }
        return steps
    }

    @Test(arguments: ServerChoice.allCases)
    func `every command prints what the article says`(server: ServerChoice) throws {
        let scene = try ShellScene(.init(choice: server))
        let steps = try steps()
        #expect(steps.count >= 6)
        for step in steps {
            let script = #"footbridge() { "$0" "$@"; }; "# + step.command
            let child = try ChildProcess(
                "/bin/sh", ["-c", script, ChildProcess.footbridgeBinary()], environment: scene.environment)
            let result = try CommandResult(child)
            // Here is no terminal to ask at.
            let error = result.error.replacing(ShellScene.nobodyToAsk, with: "Go on? [y/N]\n")
            #expect(result.output + error == step.output, "\(step.command)")
        }
    }
}
