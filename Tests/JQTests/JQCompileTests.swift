import FootbridgeJQ
import TestThreads
import Testing

@Suite(.longRunning) struct JQCompileTests {
    private func problems(_ text: String) -> [JQProblem] {
        do throws(JQProblems) {
            try JQMachine.check(text)
            return []
        } catch {
            return error.problems
        }
    }

    @Test(arguments: [
        ("foo", 1, 1, "foo/0 is not defined"), (".a |\n  bar(1)", 2, 3, "bar/1 is not defined"),
        (".a }", 1, 4, "syntax error, unexpected character"),
        ("{a:1 b}", 1, 6, "syntax error, unexpected name, expecting '}'"),
        ("1 +", 1, 4, "syntax error, unexpected end"), ("\"é\" | nope", 1, 7, "nope/0 is not defined"),
        ("$x", 1, 1, "$x is not defined"), ("  \"\\(.a + nope)\"", 1, 11, "nope/0 is not defined"),
    ]) func `an error says where it is`(text: String, line: Int, column: Int, message: String) {
        #expect(problems(text).first == JQProblem(message: message, line: line, column: column))
    }

    @Test func `all names that are not defined are told`() {
        #expect(problems("a | b |\nc").map(\.line) == [1, 1, 2])
        #expect(problems("a | b |\nc").map(\.column) == [1, 5, 1])
    }

    @Test(arguments: [
        "env", "[$ENV.PATH]", "input", "[inputs]", "debug", ".a | stderr", "halt", "\"x\" | halt_error", "$__loc__",
        "import \"a\" as a; 1", "include \"a\"; 1", "input_filename", "input_line_number", "{a: env}", "{(env): 1}",
        "\"\\(env)\"", "def env: 1; env", "get_search_list", "\"m\" | modulemeta", "{a: 1, b: [debug]}",
    ]) func `what leads out of the program is refused`(text: String) {
        #expect(problems(text).first?.message.contains("cannot be used") == true)
    }

    @Test(arguments: [
        ".env", ".a.input", "{env: 1, input: .debug}", "{env}", "\"env input\"", ". # env", ".[\"halt\"]",
        "{\"env\": 1, halt: 2}",
        ". as $env | $env", ". as {input: $x} | $x", "@text \"debug\"", "1e5", "[.x, .y] | map(.env)", "now | todate",
    ]) func `words that only look like it are not`(text: String) { #expect(problems(text) == []) }

    @Test(arguments: ["", "  \n", "# nothing"]) func `an empty program is refused or does nothing`(text: String) throws
    {
        if text.hasPrefix("#") {
            #expect(try Run(text).json("[1]") == "[1]")
        } else {
            #expect(problems(text).first?.message.hasPrefix("is empty") == true)
        }
    }

    @Test func `a program cannot overflow the compiler`() {
        for text in [
            String(repeating: "(", count: 30_000) + "1" + String(repeating: ")", count: 30_000),
            String(repeating: "[", count: 32_000), String(repeating: ".|", count: 20_000) + ".",
            String(repeating: "1+", count: 30_000) + "1", String(repeating: "-", count: 60_000) + "1",
            String(repeating: "x", count: 70_000),
        ] { _ = problems(text) }
        #expect(problems(".") == [])
    }

    /// A home directory may hold a file of definitions, which jq itself would read.
    @Test func `no file is compiled in`() { #expect(problems("import \"x\" as $x; $x").isEmpty == false) }
}
