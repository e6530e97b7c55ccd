import FootbridgeJQ
import TestThreads
import Testing

@Suite(.longRunning) struct JQMachineTests {
    @Test(arguments: [
        (".", #"{"a":[1,2.5,true,null,"é\u0000"]}"#, #"{"a":[1,2.5,true,null,"é\u0000"]}"#),
        ("{sum: (map(.n * .price) | add)}", #"[{"n":2,"price":12.5},{"n":1,"price":99}]"#, #"{"sum":124}"#),
        (#""\(.a)-\(.b|length)""#, #"{"a":1,"b":[0,0]}"#, #""1-2""#),
        (#"[match("a(?<n>.)"; "g") | .captures[0].string]"#, #""axay""#, #"["x","y"]"#),
        ("def fact: if . < 2 then 1 else . * (. - 1 | fact) end; fact # 10!", "10", "3628800"),
    ]) func `a program makes one JSON text of another`(program: String, input: String, output: String) throws {
        #expect(try Run(program).json(input) == output)
    }

    /// jq 1.6 has doubles only.
    @Test func `an integer above 2^53 loses its last digits`() throws {
        #expect(try Run(".").json("12345678901234567890") != "12345678901234567890")
        #expect(try Run(".").json("9007199254740992") == "9007199254740992")
    }

    @Test(arguments: [
        ("true", true), ("false", false), ("null", false), ("empty", false), ("0", true), ("false, null", false),
        ("false, 1", true), (".[] == 2", true),
    ]) func `a filter passes as jq's select does`(program: String, passes: Bool) throws {
        #expect(try Run(program).passes("[1,2]") == passes)
    }

    @Test func `one result is wanted, or all as an array`() throws {
        #expect(throws: JQFailure.failed("gives no result")) { try Run("empty").json() }
        #expect(throws: JQFailure.failed("gives 2 results; put them into an array: [ … ]")) { try Run("1, 2").json() }
        #expect(try Run("1, [2]").all() == "[1,[2]]")
        #expect(try Run("empty").all() == "[]")
    }

    @Test(arguments: [
        ("error(\"no total\")", "no total"), ("error({a: 1})", #"{"a":1}"#),
        (".[0]", "Cannot index object with number"),
        (".a.b", "Cannot index number with string \"b\""), ("1, error(\"late\")", "late"),
    ]) func `a program's error is told`(program: String, message: String) throws {
        #expect(throws: JQFailure.failed(message)) { try Run(program).all(#"{"a":1}"#) }
    }

    @Test(arguments: ["", " ", "{", "tru", "[1,]", "1 2"]) func `an input that is no JSON is an error`(input: String)
        throws
    {
        let run = try Run(".")
        let error = #expect(throws: JQFailure.self) { try run.json(input) }
        guard case .failed = error else { return #expect(error == nil) }
        #expect(try run.json("1") == "1")
    }

    // MARK: - Entries

    private func entry(_ fields: [(name: String, value: [UInt8])], _ program: String, data: String? = nil) throws
        -> String
    {
        let machine = try JQMachine()
        let program = try machine.compile(program)
        let pairs = fields.map { (Array($0.name.utf8), $0.value) }
        var out: [UInt8] = []
        func begin(_ raw: [JQInput.RawField], _ rest: ArraySlice<([UInt8], [UInt8])>) -> Result<Void, JQFailure> {
            guard let (name, value) = rest.first else {
                return raw.withUnsafeBufferPointer { raw in
                    Array("1700000000123-4".utf8).withUnsafeBytes { id in
                        Array("orders".utf8).withUnsafeBytes { stream in
                            do throws(JQFailure) {
                                return .success(
                                    try machine.begin(
                                        id: id, stream: stream, timestamp: 1_700_000_000.123, attempt: 2, fields: raw,
                                        dataField: data.map { Array($0.utf8) }))
                            } catch { return .failure(error) }
                        }
                    }
                }
            }
            return name.withUnsafeBytes { name in
                value.withUnsafeBytes { value in begin(raw + [(name, value)], rest.dropFirst()) }
            }
        }
        defer { machine.end() }
        try begin([], pairs[...]).get()
        try machine.write(program, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test func `an entry is an object of six`() throws {
        #expect(
            try entry([("type", Array("a".utf8)), ("data", Array(#"{"n":[1]}"#.utf8))], ".", data: "data")
                == #"{"id":"1700000000123-4","stream":"orders","timestamp":1700000000.123,"attempt":2,"#
                + #""fields":{"type":"a","data":"{\"n\":[1]}"},"data":{"n":[1]}}"#)
    }

    @Test func `data is null without such a field, and an error if it is no JSON`() throws {
        #expect(try entry([("type", Array("a".utf8))], ".data", data: "data") == "null")
        #expect(try entry([("data", Array("1".utf8))], ".data") == "null")
        #expect(
            try entry([("data", Array("1".utf8)), ("Data", []), ("data", Array("2".utf8))], ".data", data: "data")
                == "1")
        #expect(throws: JQFailure.self) { try entry([("data", Array("{a".utf8))], ".fields", data: "data") }
    }

    /// As `FieldsBody` has them.
    @Test func `names may repeat, and bytes may be anything`() throws {
        #expect(
            try entry([("a", Array("1".utf8)), ("b", []), ("a", Array("2".utf8)), ("a", [0xff, 0x00])], ".fields")
                == #"{"a":["1","2",{"$base64":"/wA="}],"b":""}"#)
        #expect(try entry([("a", [0xed, 0xa0, 0x80])], ".fields") == #"{"a":{"$base64":"7aCA"}}"#)
        #expect(try entry([("a", Array("\u{0}é😀".utf8))], ".fields") == #"{"a":"\u0000é😀"}"#)
        let many = (0..<40).map { ("f\($0 % 39)", [UInt8(ascii: "x")]) }
        #expect(try entry(many, "[.fields | length, .f0, .f1]") == #"[39,["x","x"],"x"]"#)
    }

    // MARK: - Memory

    @Test func `nothing is left behind, however a run ends`() throws {
        let run = try Run(#"if .n % 3 == 0 then error("x") else [.a[] | tostring | test("1")] end"#)
        func input(_ number: Int) -> String { #"{"n":\#(number),"a":[1,2,{"b":"\#(number)"}]}"# }
        for number in 0..<100 { _ = try? run.json(input(number)) }
        let used = run.machine.usedBytes
        for number in 0..<3000 { _ = try? run.json(input(number)) }
        #expect(run.machine.usedBytes <= used + 256)
        #expect(run.machine.restorations == 0)
    }

    /// `ltrimstr` of a number keeps 96 bytes of each run (jq 1.6).
    @Test func `what libjq itself leaks is taken back now and then`() throws {
        let run = try Run("tostring | ltrimstr(1)")
        for _ in 0..<20_000 { _ = try run.json("1") }
        #expect(run.machine.usedBytes < 512 << 10)
    }

    @Test func `programs of one machine share an input`() throws {
        let machine = try JQMachine()
        let programs = try [".a", ".b > 1", "[.]"].map { try machine.compile($0) }
        try Array(#"{"a":"x","b":2}"#.utf8).withUnsafeBytes { try machine.begin(json: $0) }
        var out: [UInt8] = []
        try machine.write(programs[0], to: &out)
        #expect(try machine.passes(programs[1]))
        try machine.write(programs[2], to: &out)
        machine.end()
        #expect(String(decoding: out, as: UTF8.self) == #""x"[{"a":"x","b":2}]"#)
        #expect(throws: JQFailure.unusable) { try machine.passes(programs[0]) }
    }

    private func records(_ program: String, _ input: String) throws -> [[String]] {
        let machine = try JQMachine()
        let compiled = try machine.compile(records: program)
        try Array(input.utf8).withUnsafeBytes { try machine.begin(json: $0) }
        defer { machine.end() }
        var found: [[String]] = []
        try machine.read(compiled) { found.append($0.map { String(decoding: $0, as: UTF8.self) }) }
        return found
    }

    @Test func `records are objects, one or several`() throws {
        let input = #"{"a":"x\ny","n":1.5,"none":null,"list":[{"i":1},{"i":"2","o":{"p":[true]}}]}"#
        #expect(try records("{a, n, none} # one", input) == [["a", "x\ny", "n", "1.5"]])
        #expect(try records(".list", input) == [["i", "1"], ["i", "2", "o", #"{"p":[true]}"#]])
        #expect(try records(".list[]", input) == [["i", "1"], ["i", "2", "o", #"{"p":[true]}"#]])
        #expect(try records("[]", input) == [])
        #expect(try records("{}, {b: .none}", input) == [[], []])
    }

    @Test(arguments: [
        ("1", "gives number where an object is needed"), ("[{}, \"x\"]", "gives string where an object is needed"),
        (".a.b", "Cannot index string with string \"b\""), ("null", "gives null where an object is needed"),
    ]) func `what is no record says so`(program: String, message: String) throws {
        #expect(throws: JQFailure.failed(message)) { try records(program, #"{"a":"x"}"#) }
    }

    @Test func `what is wrong in the program of records has its place`() throws {
        let problems = #expect(throws: JQProblems.self) { try JQMachine().compile(records: "{a:\n nope}") }
        #expect(problems?.problems.map(\.line) == [2])
    }
}
