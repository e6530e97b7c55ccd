/// `${NAME}` and `${NAME:-default}` in a value, replaced after YAML was parsed, so that a variable's value is only ever
/// text: it cannot add keys, lists or nulls. `$$` is a dollar sign; any other `$` stays as it is.
///
/// As in the shell, the default also stands in for a variable that is set but empty.
enum Expansion {
    /// - Throws: `Complaint`, which names the variable and never shows a value.
    static func expand(_ text: String, _ environment: ConfigFile.Environment) throws(Complaint) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest.removeFirst()
            } else if rest.first == "{" {
                guard let close = rest.firstIndex(of: "}") else {
                    throw Complaint("\"${\" is not closed; write ${NAME}, or $${ for the characters themselves")
                }
                result += try value(of: rest[rest.index(after: rest.startIndex)..<close], environment)
                rest = rest[rest.index(after: close)...]
            } else {
                result += "$"
            }
        }
        return result + rest
    }

    private static func value(
        of reference: Substring, _ environment: ConfigFile.Environment
    ) throws(Complaint) -> String {
        let name = reference.prefix { $0 != ":" }
        guard isName(name) else {
            // What stands there is not repeated: in a secret with a stray "${" it would be a part of it.
            throw Complaint("${…} holds no variable's name; write ${NAME} with letters, digits and _, or $${")
        }
        let rest = reference.dropFirst(name.count)
        guard !rest.isEmpty else {
            guard let value = environment[String(name)] else {
                throw Complaint("the variable \(name) is not set; set it, or write ${\(name):-default}")
            }
            return value
        }
        guard rest.hasPrefix(":-") else {
            throw Complaint("after ${\(name) only :- can follow; write ${\(name)} or ${\(name):-default}")
        }
        guard !rest.contains("$") else {
            throw Complaint("the default of ${\(name)} cannot hold another variable; write it out")
        }
        if let value = environment[String(name)], !value.isEmpty { return value }
        return String(rest.dropFirst(2))
    }

    static func isName(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}
