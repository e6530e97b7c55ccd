import FootbridgeJQ

/// Runs a program on a JSON text.
struct Run {
    let machine: JQMachine
    let program: JQMachine.Program

    init(_ text: String) throws {
        machine = try JQMachine()
        program = try machine.compile(text)
    }

    func json(_ input: String = "null") throws(JQFailure) -> String {
        var out: [UInt8] = []
        try on(input) { () throws(JQFailure) in try machine.write(program, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }

    func all(_ input: String = "null") throws(JQFailure) -> String {
        var out: [UInt8] = []
        try on(input) { () throws(JQFailure) in _ = try machine.writeAll(program, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }

    func passes(_ input: String = "null") throws(JQFailure) -> Bool {
        var passes = false
        try on(input) { () throws(JQFailure) in passes = try machine.passes(program) }
        return passes
    }

    private func on(_ input: String, _ body: () throws(JQFailure) -> Void) throws(JQFailure) {
        defer { machine.end() }
        let bytes = Array(input.utf8)
        let begun = bytes.withUnsafeBytes { bytes -> Result<Void, JQFailure> in
            do throws(JQFailure) { return .success(try machine.begin(json: bytes)) } catch { return .failure(error) }
        }
        try begun.get()
        try body()
    }
}
