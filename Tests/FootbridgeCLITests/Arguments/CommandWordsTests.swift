import Testing

@testable import footbridge

struct CommandWordsTests {
    private func objection(_ line: String) -> String? {
        CommandWords(root: FootbridgeCommand.self).objection(to: line.split(separator: " ").map(String.init))
    }

    @Test(arguments: [
        ("strem list", "there is no command \"strem\"; did you mean stream?"),
        ("stream lst", "there is no command \"stream lst\"; did you mean stream list?"),
        ("stream rnage orders", "there is no command \"stream rnage\"; did you mean stream range?"),
        ("help group destory", "there is no command \"group destory\"; did you mean group destroy?"),
        ("series xyzzy", "there is no command \"series xyzzy\"; there are add, range, read"),
        ("sta\u{1b}tus", "there is no command \"sta\\x1btus\"; did you mean status?"),
    ])
    func `an unknown word is told with the one that was meant`(line: String, told: String) {
        #expect(objection(line) == told)
    }

    @Test(arguments: [
        "", "help", "--help", "stream", "stream list", "help stream list", "stream --help", "status x", "send lst",
    ])
    func `what is left to the parser`(line: String) { #expect(objection(line) == nil) }
}
