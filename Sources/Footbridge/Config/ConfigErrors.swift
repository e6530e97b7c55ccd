/// Everything that is wrong with a configuration, in the order of the file.
public struct ConfigErrors: Error, Sendable, Equatable {
    /// Never empty.
    public let problems: [ConfigProblem]
}

extension ConfigErrors: CustomStringConvertible {
    /// One line per problem; at most 100 lines, then their number.
    public var description: String {
        var lines = problems.prefix(100).map(\.description)
        if problems.count > 100 { lines.append("… and \(problems.count - 100) more") }
        return lines.joined(separator: "\n")
    }
}

/// One thing that is wrong, where, and what would be right.
public struct ConfigProblem: Sendable, Hashable {
    public let file: String
    public let place: Place
    /// The key, as in `routes.orders.webhook.timeout`; empty if the problem is the file itself.
    public let path: String
    /// Holds no secret and no header's value; a value that a variable brought in is named by the variable.
    public let message: String
}

extension ConfigProblem: CustomStringConvertible {
    /// `bridge.yaml:12:14: routes.orders.webhook.timeout: "5" has no unit; write 5s`
    public var description: String {
        "\(file):\(place.line):\(place.column): \(path.isEmpty ? "" : "\(path): ")\(message)"
    }
}

/// A position in a file; line and column count from 1, columns in Unicode scalars.
public struct Place: Sendable, Hashable, Comparable {
    public let line: Int
    public let column: Int
    /// Which of the files it is in, counted from 0, in the order in which they are read.
    var file = 0

    static let start = Place(line: 1, column: 1)

    public static func < (left: Place, right: Place) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

/// Why a value is not what its key wants, to be completed by place and path.
struct Complaint: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// The path of a key in a map. A key that is no plain word stands in quotes, shortened, so that paths stay readable.
func keyPath(_ map: String, _ key: String) -> String {
    let isWord = key.utf8.count <= 64 && !key.isEmpty && key.utf8.allSatisfy { isWordByte($0) }
    let name = isWord ? key : ConfigText.quoted(key)
    return map.isEmpty ? name : "\(map).\(name)"
}

/// Letters, digits, `.`, `_` and `-`.
func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
    default: false
    }
}
