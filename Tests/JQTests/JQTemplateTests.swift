import FootbridgeJQ
import TestThreads
import Testing

@Suite(.longRunning) struct JQTemplateTests {
    @Test func `text and expressions take turns`() throws {
        let template = try JQTemplate(#"a\(.b)c\("x\(")" + (1|tostring))")\(1 # )"# + "\n)")
        #expect(
            template.pieces == [
                .text("a"), .expression(".b"), .text("c"), .expression(#""x\(")" + (1|tostring))""#),
                .expression("1 # )\n"),
            ])
        #expect(template.places.map(\.column) == [4, 10, 37])
        #expect(try JQTemplate("plain \\n (x)").isFixed)
        #expect(try JQTemplate("").pieces == [])
    }

    @Test(arguments: ["\\(", "a\\(b", "\\(\"a)", "\\((1)", "\\(1 # )"]) func `an expression has an end`(text: String) {
        let problem = #expect(throws: JQProblem.self) { try JQTemplate(text) }
        #expect(problem?.message.hasPrefix("\\( is not closed") == true)
    }

    private func evaluate(_ texts: [String], _ input: String) throws -> [String] {
        let machine = try JQMachine()
        let templates = try machine.compile(texts.map { try JQTemplate($0) })
        try Array(input.utf8).withUnsafeBytes { try machine.begin(json: $0) }
        defer { machine.end() }
        var results = [String](repeating: "", count: texts.count)
        try machine.write(templates) { index, bytes, isValue in
            results[index] +=
                isValue ? "<\(String(decoding: bytes, as: UTF8.self))>" : String(decoding: bytes, as: UTF8.self)
        }
        return results
    }

    @Test func `values stand where the expressions were`() throws {
        #expect(
            try evaluate(["a\\(.s)b\\(.n)", "fixed", "\\(.b)\\(.s | length)"], #"{"s":"x\ny","n":1.5,"b":false}"#)
                == ["a<x\ny>b<1.5>", "fixed", "<false><3>"])
        #expect(try evaluate(["only text"], "1") == ["only text"])
    }

    @Test(arguments: [
        ("\\(.a)", ".a", "is null; only text, numbers and booleans can stand there"),
        ("x\\([1])", "[1]", "is array; only text, numbers and booleans can stand there"),
        ("\\({})", "{}", "is object; only text, numbers and booleans can stand there"),
        ("\\(empty)", "empty", "gives no result"), ("\\(1, 2)", "1, 2", "gives several results"),
        ("\\(1)\\(error(\"no\"))", "error(\"no\")", "no"),
        ("\\(.a.b.c | .[0] | keys)", ".a.b.c | .[0] | keys", "null (null) has no keys"),
    ]) func `a value that is none names its expression`(text: String, expression: String, message: String) throws {
        let error = #expect(throws: JQMachine.TemplateFailure.self) { try evaluate(["\\(1)", text], "{}") }
        #expect(error?.template == 1)
        #expect(error?.expression == expression)
        #expect(error?.failure == .failed(message))
    }

    @Test func `what is wrong is found in the template that has it`() throws {
        let texts = ["\\(.a)", "ok\n \\(.b) \\( nope | 1)"]
        let error = #expect(throws: JQMachine.TemplateProblems.self) {
            try JQMachine().compile(texts.map { try JQTemplate($0) })
        }
        #expect(error?.template == 1)
        #expect(error?.problems == [JQProblem(message: "nope/0 is not defined", line: 2, column: 11)])
        let refused = #expect(throws: JQMachine.TemplateProblems.self) {
            try JQMachine().compile([try JQTemplate("x\\(env)")])
        }
        #expect(refused?.problems.first?.column == 4)
    }

    /// Compiled together they must not leak into each other.
    @Test(arguments: ["1] | [2", "1 as $x | [$x], {a: [", "1 # )", "1}, {"])
    func `an expression stays in its parentheses`(expression: String) throws {
        #expect(throws: (any Error).self) { try evaluate(["\\(\(expression))"], "null") }
    }
}
