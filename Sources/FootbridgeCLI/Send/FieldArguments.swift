import ArgumentParser
import RedisStreams

/// `name=value …` on the command line.
enum FieldArguments {
    static func validate(_ arguments: [String]) throws {
        for argument in arguments where !argument.contains("=") {
            throw ValidationError("\"\(argument)\" is not of the form name=value")
        }
    }

    /// The fields with the bytes that the process was given.
    static func fields(of arguments: [String]) -> EntryFields {
        EntryFields(
            RawArguments.bytes(of: arguments, in: RawArguments.ofProcess).map { argument in
                let split = argument.firstIndex(of: UInt8(ascii: "=")) ?? argument.endIndex
                return (name: argument[..<split], value: argument[split...].dropFirst())
            })
    }
}
