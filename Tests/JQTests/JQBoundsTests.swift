import FootbridgeJQ
import TestThreads
import Testing

/// Programs and inputs that would stop the process, fill its memory or end it.
@Suite(.serialized, .longRunning) struct JQBoundsTests {
    private func outcome(_ program: String, _ input: String = "null") throws -> JQFailure? {
        let run = try Run(program)
        var failure: JQFailure?
        // The second time shows whether the first one left the machine whole.
        for _ in 0..<2 {
            do throws(JQFailure) { _ = try run.all(input) } catch { failure = error }
        }
        #expect(run.machine.usedBytes < 256 << 10)
        let plain = try Run("1 + 1")
        #expect(try plain.json() == "2")
        return failure
    }

    @Test(arguments: [
        "def f: f; f", "last(range(1e12))", "[range(1e12) | empty]", "until(false; .)", "[limit(1e12; repeat(1))]",
        "def f: 1 + f; f", "\"x\" | until(false; . + .)", "reduce range(1e9) as $i (0; [.])", "[range(1e9)]",
        "\"x\" * 1000000000", "[.[range(1e9)] = 1]", "first(range(1e12) | select(. < 0))",
    ]) func `what has no end is ended`(program: String) throws {
        let failure = try outcome(program)
        #expect([.outOfTime, .outOfMemory, .tooDeep].contains(failure))
    }

    @Test func `an array with a place far away is too large`() throws {
        #expect(try outcome(".[1000000000] = 1") == .outOfMemory)
        #expect(try outcome("\"abc\" * 40000000") != nil)
    }

    /// One C function that takes minutes and looks at no flag: an array is looked for in another.
    @Test func `a builtin that is quadratic is ended in its middle`() throws {
        let zeros = "[" + String(repeating: "0,", count: 60_000) + "0]"
        #expect(try outcome("(.[:20000] + [1]) as $part | indices($part)", zeros) == .outOfTime)
    }

    @Test(arguments: ["^(a+)+$", "(a|aa)+$", "(.*)*b", "(?:a?){40}a{40}$"])
    func `a regular expression that tries everything is an error`(pattern: String) throws {
        let run = try Run("(\"a\" * 38 + \"c\") | test(\"\(pattern)\")")
        do throws(JQFailure) {
            _ = try run.json()
        } catch {
            guard case .failed(let message) = error else {
                #expect(error == .outOfTime)
                return
            }
            #expect(message.contains("retry-limit"))
        }
    }

    @Test(arguments: [
        "reduce range(100000) as $i (0; [.]) | tojson", ". as $p | null | setpath($p; 1) | tojson",
        ". as $p | null | setpath($p; 1) | [.] == [.]", ". as $p | null | setpath($p; 1) | delpaths([$p])",
        ". as $p | null | setpath($p; 1) | getpath($p)", ". as $p | (null | setpath($p; 1)) | contains([[[[1]]]])",
        ". as $p | (null | setpath($p; 1)) | [., .] | sort | length",
        ". as $p | (null | setpath($p; 1)) | tostring | length",
    ]) func `values nested a hundred thousand deep do not overflow the stack`(program: String) throws {
        let path = "[" + String(repeating: "0,", count: 150_000) + "0]"
        #expect(try outcome(program, path) != nil)
    }

    @Test func `JSON nested deeper than libjq's parser goes is an error`() throws {
        let deep = String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
        guard case .failed(let message) = try outcome(".", deep) else { return #expect(Bool(false)) }
        #expect(message.contains("depth"))
        #expect(try Run(".").json(String(deep.dropFirst(100).dropLast(100))).utf8.count == 400)
    }

    /// `1e19 | todate` fails an assertion of jq 1.6, which ends the process.
    @Test func `a failed assertion of libjq is an error`() throws {
        guard case .broken(let words) = try outcome("1e19 | todate") else { return #expect(Bool(false)) }
        #expect(words.contains("JV_KIND_ARRAY"))
    }

    @Test(arguments: [
        "[1114112] | implode", "[-1] | implode", "[55296] | implode", "[\"a\"] | implode", "[1e10] | implode",
    ])
    func `no code point ends the process`(program: String) throws { _ = try outcome(program) }

    @Test func `a large input has the time that it takes`() throws {
        let items = "[" + (0..<60_000).map { #"{"n":\#($0)}"# }.joined(separator: ",") + "]"
        #expect(try Run("length").json(items) == "60000")
    }

    @Test func `an entry of megabytes has the memory that it takes`() throws {
        let long = String(repeating: "x", count: 12 << 20)
        let run = try Run("{text, copy: (.text + \"!\")}")
        for _ in 0..<2 { #expect(try run.json("{\"text\":\"\(long)\"}").utf8.count == 2 * long.utf8.count + 22) }
        #expect(run.machine.usedBytes < 1 << 20)
    }

    @Test func `several machines run on several threads at once`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    let (loop, plain) = (try Run("def f: f; f"), try Run(". + \(number)"))
                    for input in 0..<20 {
                        #expect(throws: JQFailure.outOfTime) { try loop.json() }
                        #expect(try plain.json("\(input)") == "\(input + number)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
