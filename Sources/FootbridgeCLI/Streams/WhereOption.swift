import ArgumentParser
import FootbridgeJQ

/// `--where JQ`.
struct WhereOption: ParsableArguments {
    @Option(
        name: .customLong("where"), parsing: .unconditional,
        help: ArgumentHelp(
            "Only entries for which this jq program gives true, such as '.fields.type == \"paid\"'.", valueName: "jq"))
    var program: String?

    func validate() throws {
        guard let program else { return }
        do throws(JQProblems) {
            try JQMachine.check(program)
        } catch {
            let told = error.problems.map { "line \($0.line), column \($0.column): \($0.message)" }
            throw ValidationError("--where: \(told.joined(separator: "; "))")
        }
    }

    /// `nil` if all are wanted.
    func filter() throws -> EntryFilter? { try program.map { try EntryFilter($0) } }
}
