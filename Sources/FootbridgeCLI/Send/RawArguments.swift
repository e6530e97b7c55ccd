import Glibc

/// Arguments as the system passed them. Swift's `CommandLine.arguments` are text: bytes that are not UTF-8 are replaced in
/// them, and a value that is sent on would not be what was given.
enum RawArguments {
    static var ofProcess: [[UInt8]] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
        }
    }

    /// The bytes behind `arguments`, which stand in `raw` in the same order, other ones between them.
    static func bytes(of arguments: [String], in raw: [[UInt8]]) -> [[UInt8]] {
        var rest = raw[...]
        return arguments.map { argument in
            let text = Array(argument.utf8)
            // Only where something was replaced is there a difference.
            guard argument.unicodeScalars.contains("\u{fffd}"),
                let place = rest.firstIndex(where: { Array(String(decoding: $0, as: UTF8.self).utf8) == text })
            else { return text }
            defer { rest = rest[(place + 1)...] }
            return rest[place]
        }
    }
}
