internal import CFootbridgeJQ

/// jq programs and the bounds that they run in: 5 ms, 64 MiB (more for large entries), no files, no environment (see `CJQ.h`).
///
/// Programs are compiled first, some 20 ms each. Then for each entry: `begin`, any of the programs, `end`. What a run leaves
/// behind when it is ended in its middle is dropped as a whole, so nothing leaks. Thread safety: none; one per worker.
public final class JQMachine {
    /// A compiled program, of the machine that compiled it.
    public struct Program: Sendable, Equatable {
        let index: Int32
    }

    /// Compiled templates: their expressions are evaluated together.
    public struct Templates: Sendable {
        let program: Program
        let templates: [JQTemplate]
        let isFixed: Bool
    }

    /// So much a run may take, and twelve times the size of its entry; what it throws away counts, too.
    public static let memoryLimitBytes = 64 << 20

    private let machine: OpaquePointer
    private var input = JQInput()

    /// - Throws: `JQFailure.unusable` if libjq cannot be bounded on this system.
    public init() throws(JQFailure) {
        guard let machine = footbridge_jq_new(Self.memoryLimitBytes) else { throw .unusable }
        self.machine = machine
    }

    deinit { footbridge_jq_delete(machine) }

    // MARK: - Compiling

    public func compile(_ text: String) throws(JQProblems) -> Program {
        let problems = JQRules.problems(in: text)
        guard problems.isEmpty else { throw JQProblems(problems: problems) }
        return try compileChecked(text)
    }

    private func compileChecked(_ text: String) throws(JQProblems) -> Program {
        var index: Int32 = 0
        switch footbridge_jq_compile(machine, text, &index) {
        case FOOTBRIDGE_JQ_OK: return Program(index: index)
        case FOOTBRIDGE_JQ_FAILED: throw JQProblems(problems: JQMessages.problems(self.text, in: text))
        case let status:
            let failure = failure(status)
            throw JQProblems(problems: [JQProblem(message: "cannot be compiled: \(failure)", line: 1, column: 1)])
        }
    }

    /// Compiles the expressions of several templates as one program.
    ///
    /// - Throws: what is wrong with the first template that is, by its index; places count from the start of its text.
    public func compile(_ templates: [JQTemplate]) throws(TemplateProblems) -> Templates {
        var parts: [String] = []
        for (index, template) in templates.enumerated() {
            for (expression, place) in zip(template.expressions, template.places) {
                let problems = JQRules.problems(in: expression)
                guard problems.isEmpty else {
                    throw TemplateProblems(template: index, problems: problems.map { $0.moved(to: place) })
                }
                // What follows a comment in an expression needs a line of its own.
                parts.append("(try ([(\(expression)\n)]) catch {\"error\": .})")
            }
        }
        let text = "[\(parts.joined(separator: ",\n"))]"
        do throws(JQProblems) {
            return Templates(program: try compileChecked(text), templates: templates, isFixed: parts.isEmpty)
        } catch {
            for (index, template) in templates.enumerated() {
                for (expression, place) in zip(template.expressions, template.places) {
                    do throws(JQProblems) {
                        try JQMachine.check(expression)
                    } catch {
                        let problems = error.problems.map { $0.moved(to: place) }
                        throw TemplateProblems(template: index, problems: problems)
                    }
                }
            }
            throw TemplateProblems(template: 0, problems: error.problems)
        }
    }

    /// A program whose result is an object, or an array of objects: names and values of fields.
    public struct Records: Sendable {
        fileprivate let program: Program
    }

    public func compile(records text: String) throws(JQProblems) -> Records {
        let problems = JQRules.problems(in: text)
        guard problems.isEmpty else { throw JQProblems(problems: problems) }
        // What follows a comment needs a line of its own.
        let wrapped = """
            [(\(text)
            ) | if type == "array" then .[] else . end
              | if type != "object" then error("gives \\(type) where an object is needed") else . end
              | with_entries(select(.value != null))
              | ([length | tostring]), (to_entries[] | [.key], [.value | if type == "string" then . else tojson end])]
            """
        do throws(JQProblems) {
            return Records(program: try compileChecked(wrapped))
        } catch {
            // Places are to count in the text as it is written.
            try Self.check(text)
            throw error
        }
    }

    /// Calls back with each record of the result: its names and values in turn. Text stays as it is, other values become JSON,
    /// and `null` is left out. Several results are taken for one array.
    public func read(
        _ records: Records, _ record: (_ strings: [[UInt8]]) -> Void
    ) throws(JQFailure) {
        try check(footbridge_jq_pieces(machine, records.program.index))
        let text = text
        var offset = 0
        func next() -> [UInt8] {
            let count = Int(text.loadUnaligned(fromByteOffset: offset + 1, as: UInt32.self))
            defer { offset += 5 + count }
            return Array(text[(offset + 5)..<(offset + 5 + count)])
        }
        while offset < text.count {
            let count = Int(String(decoding: next(), as: UTF8.self)) ?? 0
            record((0..<(2 * count)).map { _ in next() })
        }
    }

    public struct TemplateProblems: Error {
        public let template: Int
        public let problems: [JQProblem]
    }

    /// Compiles a program to see what is wrong with it, and drops it.
    public static func check(_ text: String) throws(JQProblems) {
        let machine: JQMachine
        do throws(JQFailure) {
            machine = try JQMachine()
        } catch {
            throw JQProblems(problems: [JQProblem(message: "\(error)", line: 1, column: 1)])
        }
        _ = try machine.compile(text)
    }

    // MARK: - Running

    /// Builds the input of the runs that follow.
    ///
    /// - Throws: `failed` if the field that is to be parsed is no JSON.
    public func begin(
        id: UnsafeRawBufferPointer, stream: UnsafeRawBufferPointer, timestamp: Double, attempt: Int,
        fields: UnsafeBufferPointer<JQInput.RawField>, dataField: [UInt8]? = nil
    ) throws(JQFailure) {
        let machine = machine
        let status = input.withInput(
            id: id, stream: stream, timestamp: timestamp, attempt: attempt, fields: fields, dataField: dataField
        ) { footbridge_jq_begin(machine, $0) }
        try check(status)
    }

    /// The same with a JSON text as the whole input.
    public func begin(json: UnsafeRawBufferPointer) throws(JQFailure) {
        try check(footbridge_jq_begin_json(machine, json.baseAddress?.assumingMemoryBound(to: CChar.self), json.count))
    }

    /// Whether any of the results is neither `false` nor `null`, as for jq's `select`; none is `false`.
    public func passes(_ program: Program) throws(JQFailure) -> Bool {
        var passes = false
        try check(footbridge_jq_test(machine, program.index, &passes))
        return passes
    }

    /// Appends the one result as compact JSON.
    ///
    /// - Throws: `failed` if there is no result, or several.
    public func write(_ program: Program, to out: inout [UInt8]) throws(JQFailure) {
        var count = 0
        try check(footbridge_jq_results(machine, program.index, &count))
        guard count == 1 else {
            throw .failed(count == 0 ? "gives no result" : "gives \(count) results; put them into an array: [ … ]")
        }
        out.append(contentsOf: text)
    }

    /// Appends all results as a JSON array.
    ///
    /// - Returns: how many there are.
    public func writeAll(_ program: Program, to out: inout [UInt8]) throws(JQFailure) -> Int {
        var count = 0
        try check(footbridge_jq_results(machine, program.index, &count))
        out.append(UInt8(ascii: "["))
        out.append(contentsOf: text)
        out.append(UInt8(ascii: "]"))
        return count
    }

    /// Evaluates the expressions of all templates, and calls back with each piece of each in turn.
    ///
    /// - Throws: which template failed, and why; `piece` may have been called before.
    public func write(
        _ templates: Templates, _ piece: (_ template: Int, _ bytes: UnsafeRawBufferPointer, _ isValue: Bool) -> Void
    ) throws(TemplateFailure) {
        if !templates.isFixed {
            do throws(JQFailure) {
                try check(footbridge_jq_pieces(machine, templates.program.index))
            } catch {
                throw TemplateFailure(template: 0, expression: "", failure: error)
            }
        }
        let text = text
        var offset = 0
        for (index, template) in templates.templates.enumerated() {
            for part in template.pieces {
                switch part {
                case .text(var text): text.withUTF8 { piece(index, UnsafeRawBufferPointer($0), false) }
                case .expression(let expression):
                    let kind = text[offset]
                    let count = Int(text.loadUnaligned(fromByteOffset: offset + 1, as: UInt32.self))
                    let bytes = UnsafeRawBufferPointer(rebasing: text[(offset + 5)..<(offset + 5 + count)])
                    offset += 5 + count
                    if let failure = Self.failure(kind, bytes) {
                        throw TemplateFailure(template: index, expression: expression, failure: failure)
                    }
                    piece(index, bytes, true)
                }
            }
        }
    }

    public struct TemplateFailure: Error {
        public let template: Int
        /// Empty if it is not known which one it was.
        public let expression: String
        public let failure: JQFailure
    }

    /// Drops the input; to be called after the last run of an entry, whatever became of them.
    public func end() { footbridge_jq_end(machine) }

    // MARK: - What it did

    /// Bytes in use.
    public var usedBytes: Int { footbridge_jq_used(machine) }
    /// Runs that were ended in their middle.
    public var restorations: Int { footbridge_jq_restorations(machine) }

    private var text: UnsafeRawBufferPointer {
        let text = footbridge_jq_text(machine)
        return UnsafeRawBufferPointer(start: text.bytes, count: text.count)
    }

    private func check(_ status: footbridge_jq_status) throws(JQFailure) {
        if status != FOOTBRIDGE_JQ_OK { throw failure(status) }
    }

    private func failure(_ status: footbridge_jq_status) -> JQFailure {
        switch status {
        case FOOTBRIDGE_JQ_FAILED: .failed(Self.message(text))
        case FOOTBRIDGE_JQ_OUT_OF_TIME: .outOfTime
        case FOOTBRIDGE_JQ_OUT_OF_MEMORY: .outOfMemory
        case FOOTBRIDGE_JQ_TOO_DEEP: .tooDeep
        case FOOTBRIDGE_JQ_BROKEN: .broken(Self.message(text))
        default: .unusable
        }
    }

    private static func message(_ bytes: UnsafeRawBufferPointer) -> String {
        String(String(decoding: bytes.prefix(2000), as: UTF8.self).prefix(500))
    }

    private static func failure(_ kind: UInt8, _ bytes: UnsafeRawBufferPointer) -> JQFailure? {
        switch kind {
        case UInt8(ascii: "t"): nil
        case UInt8(ascii: "k"): .failed("is \(message(bytes)); only text, numbers and booleans can stand there")
        case UInt8(ascii: "n"): .failed("gives no result")
        case UInt8(ascii: "m"): .failed("gives several results")
        default: .failed(message(bytes))
        }
    }
}

@available(*, unavailable)
extension JQMachine: Sendable {}

extension JQProblem {
    /// Of an expression that begins there in a larger text.
    fileprivate func moved(to start: JQTemplate.Place) -> JQProblem {
        JQProblem(
            message: message, line: start.line + line - 1, column: line == 1 ? start.column + column - 1 : column)
    }
}
