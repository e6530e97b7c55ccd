internal import FootbridgeJQ
public import RedisStreams

/// A jq program of the command line that says which entries, or which JSON texts, are meant.
public final class ProgramFilter {
    private let machine: JQMachine
    private let program: JQMachine.Program
    private var input: EntryInput?

    /// What is wrong with the program, or what it said of an entry.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Parameter route: whose entries it sees, as the route's own `filter` does; `nil` for JSON texts.
    public init(_ text: String, for route: RouteConfig? = nil) throws(Failure) {
        do {
            machine = try JQMachine()
            program = try machine.compile(text)
        } catch let problems as JQProblems {
            throw Failure(
                description: problems.problems.map { "line \($0.line), column \($0.column): \($0.message)" }
                    .joined(separator: "; "))
        } catch {
            throw Failure(description: "\(error)")
        }
        input = route.map { EntryInput(of: $0) }
    }

    /// - Parameter stream: the place of the entry's stream in the route.
    public func passes(_ entry: StreamEntry, stream: Int) throws(Failure) -> Bool {
        do {
            defer { machine.end() }
            try input?.begin(machine, EntryKey(stream: stream, id: entry.id), entry.fields, attempt: 1)
            return try machine.passes(program)
        } catch {
            throw Failure(description: "entry \(entry.id): \(error)")
        }
    }

    public func passes(json: [UInt8]) throws(Failure) -> Bool {
        defer { machine.end() }
        let passes = json.withUnsafeBytes { bytes -> Result<Bool, JQFailure> in
            do throws(JQFailure) {
                try machine.begin(json: bytes)
                return .success(try machine.passes(program))
            } catch {
                return .failure(error)
            }
        }
        switch passes {
        case .success(let passes): return passes
        case .failure(let failure): throw Failure(description: "\(failure)")
        }
    }
}
