import ArgumentParser

/// A time on the command line: a whole number and its unit, `250ms 10s 5m 1h 3d`.
struct DurationArgument: ExpressibleByArgument, Sendable, Equatable {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let parsed = try? Self(parsing: argument) else { return nil }
        self = parsed
    }

    /// For `@Option(transform:)`, which shows what the error says.
    init(parsing argument: String) throws(DurationArgumentError) {
        let digits = argument.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let milliseconds: Int64
        switch argument.utf8.dropFirst(digits.count) {
        case let unit where unit.elementsEqual("ms".utf8): milliseconds = 1
        case let unit where unit.elementsEqual("s".utf8): milliseconds = 1000
        case let unit where unit.elementsEqual("m".utf8): milliseconds = 60_000
        case let unit where unit.elementsEqual("h".utf8): milliseconds = 3_600_000
        case let unit where unit.elementsEqual("d".utf8): milliseconds = 86_400_000
        case let unit where unit.isEmpty && !digits.isEmpty && digits.count < 12:
            throw DurationArgumentError(description: "it has no unit; write \(Substring(digits))s")
        default: throw DurationArgumentError(description: "write a whole number and its unit, such as 250ms, 2s or 1m")
        }
        guard let number = Int64(Substring(digits)), number <= Self.limit / milliseconds else {
            throw DurationArgumentError(description: "write a time of at most 1000 days")
        }
        duration = .milliseconds(number * milliseconds)
    }

    /// A thousand days, in milliseconds: far beyond any use, far below any overflow.
    private static let limit: Int64 = 86_400_000_000

    var defaultValueDescription: String { duration == .zero ? "0s" : "\(duration)" }
}

/// What would be right.
struct DurationArgumentError: Error, CustomStringConvertible {
    let description: String
}
