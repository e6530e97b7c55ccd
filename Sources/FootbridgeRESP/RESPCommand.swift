/// A command, encoded: `RESPCommand("XLEN", key)` or `["XLEN", key]`.
public struct RESPCommand: Sendable, Hashable {
    /// The first argument, for logs and errors.
    public let name: String
    /// What goes to the server.
    public let encoded: [UInt8]

    public init<each Argument: RESPArgument>(_ name: String, _ arguments: repeat each Argument) {
        var count = 1
        for _ in repeat (each Argument).self { count += 1 }
        var encoder = RESPEncoder()
        encoder.beginCommand(argumentCount: count)
        encoder.argument(name)
        repeat (each arguments).encode(into: &encoder)
        self.init(name: name, encoded: encoder.bytes)
    }

    /// For a number of arguments that is known only at run time.
    public init(_ name: String, arguments: [any RESPArgument]) {
        var encoder = RESPEncoder()
        encoder.beginCommand(argumentCount: 1 + arguments.count)
        encoder.argument(name)
        for argument in arguments { argument.encode(into: &encoder) }
        self.init(name: name, encoded: encoder.bytes)
    }

    /// A command that an encoder has built.
    public init(name: String, encoded: [UInt8]) {
        self.name = name
        self.encoded = encoded
    }
}

extension RESPCommand {
    /// The first arguments as text, the name among them: for looking at a command that somebody else has made.
    public func words(atMost count: Int) -> [String] {
        var words: [String] = []
        var rest = encoded.drop { $0 != UInt8(ascii: "\n") }.dropFirst()
        while words.count < count, rest.popFirst() == UInt8(ascii: "$") {
            let digits = rest.prefix { $0 != UInt8(ascii: "\r") }
            guard let length = Int(String(decoding: digits, as: UTF8.self)) else { break }
            rest = rest.dropFirst(digits.count + 2)
            words.append(String(decoding: rest.prefix(length), as: UTF8.self))
            rest = rest.dropFirst(length + 2)
        }
        return words
    }
}

extension RESPCommand: ExpressibleByArrayLiteral {
    /// The first element is the name and has to be text.
    public init(arrayLiteral arguments: any RESPArgument...) {
        guard let name = arguments.first as? String else {
            preconditionFailure("a command begins with its name, a String")
        }
        self.init(name, arguments: Array(arguments.dropFirst()))
    }
}

extension RESPCommand: CustomStringConvertible {
    /// The name alone: arguments may be secrets or bodies.
    public var description: String { name }
}

/// What can stand in a command: text, bytes, integers.
public protocol RESPArgument: Sendable {
    /// Calls exactly one of the encoder's `argument` methods, once.
    func encode(into encoder: inout RESPEncoder)
}

extension String: RESPArgument {
    public func encode(into encoder: inout RESPEncoder) { encoder.argument(self) }
}

extension [UInt8]: RESPArgument {
    public func encode(into encoder: inout RESPEncoder) { encoder.argument(self) }
}

extension ArraySlice<UInt8>: RESPArgument {
    public func encode(into encoder: inout RESPEncoder) { encoder.argument(self) }
}

extension Int: RESPArgument {
    public func encode(into encoder: inout RESPEncoder) { encoder.argument(integer: self) }
}

extension Int64: RESPArgument {
    public func encode(into encoder: inout RESPEncoder) { encoder.argument(integer: self) }
}

extension UInt64: RESPArgument {
    public func encode(into encoder: inout RESPEncoder) { encoder.argument(integer: self) }
}
