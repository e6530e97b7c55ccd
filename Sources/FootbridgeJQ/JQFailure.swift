/// Why a run gave no result. None of these ends the process, and the machine runs on.
public enum JQFailure: Error, Sendable, Equatable {
    /// The program's error, as `error("…")` and jq's own operations raise it; without what follows its first 500 characters.
    case failed(String)
    /// 5 ms of processor time were over; for an entry above 64 KiB as many more for each further 64 KiB.
    case outOfTime
    /// Input, values and results took more than 64 MiB and twelve times the size of the entry.
    case outOfMemory
    /// Values nested so deep that libjq's recursion would overflow the stack.
    case tooDeep
    /// libjq would have ended the process; its words.
    case broken(String)
    /// There is no machine, or no input.
    case unusable
}

extension JQFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .failed(let message): message
        case .outOfTime: "took longer than 5 ms of processor time"
        case .outOfMemory: "took more memory than \(JQMachine.memoryLimitBytes >> 20) MiB and twelve times the entry"
        case .tooDeep: "made values that are nested too deep"
        case .broken(let words): "libjq gave up" + (words.isEmpty ? "" : ": \(words)")
        case .unusable: "libjq cannot be used here"
        }
    }
}

/// What is wrong with a program, and where in its text.
public struct JQProblem: Error, Sendable, Equatable {
    public let message: String
    /// From 1, in lines of the text.
    public let line: Int
    /// From 1, in Unicode scalars.
    public let column: Int

    public init(message: String, line: Int, column: Int) {
        self.message = message
        self.line = line
        self.column = column
    }
}

/// Everything that is wrong with a program, in its order.
public struct JQProblems: Error, Sendable, Equatable {
    /// Never empty.
    public let problems: [JQProblem]
}
