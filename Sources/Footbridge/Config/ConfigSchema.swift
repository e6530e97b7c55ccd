/// The JSON Schema (draft 7) of a configuration, for editors: `# yaml-language-server: $schema=bridge.schema.json`.
///
/// It knows every key, and how its value is written. What only makes sense together, and what a jq program means, `footbridge check`
/// knows.
public struct ConfigSchema {
    /// A map of the configuration: its own row, if it has one, and what is in it.
    private final class Node {
        var row: ConfigTable.Row?
        var children: [(name: String, node: Node)] = []

        func child(_ name: String) -> Node {
            if let known = children.first(where: { $0.name == name }) { return known.node }
            let node = Node()
            children.append((name, node))
            return node
        }
    }

    private let root = Node()
    private let route = Node()

    public init(_ table: ConfigTable = ConfigTable()) {
        for row in table.rows {
            let isOfRoute = row.path.hasPrefix(ConfigTable.routePattern)
            let path = isOfRoute ? row.path.dropFirst(ConfigTable.routePattern.count) : row.path[...]
            var node = isOfRoute ? route : root
            for part in path.split(separator: ".") { node = node.child(String(part)) }
            node.row = row
        }
    }

    /// The schema as text, its members in the order of the documentation.
    public var text: String { value.text() + "\n" }

    var value: SchemaValue {
        var members = root.children.map { name, node in
            switch name {
            case "routes":
                (
                    name,
                    described(node, .object([("type", "object"), ("additionalProperties", Self.reference("route"))]))
                )
            case "defaults": (name, described(node, Self.reference("defaults")))
            default: (name, schema(node, isMerged: false))
            }
        }
        // An editor may see the file before its merge keys are resolved.
        members.append(("<<", .object([])))
        return .object([
            ("$schema", "http://json-schema.org/draft-07/schema#"),
            ("title", "A configuration of Footbridge"),
            ("type", "object"),
            ("additionalProperties", .bool(false)),
            ("properties", .object(members)),
            (
                "definitions",
                .object([
                    ("route", map(route, isMerged: true)),
                    ("defaults", map(route, isMerged: true) { $0.row?.isOwn != true }),
                    ("secret", SchemaType.secret),
                ])
            ),
        ])
    }

    static func reference(_ name: String) -> SchemaValue { .object([("$ref", .string("#/definitions/\(name)"))]) }

    /// - Parameter isMerged: what is required may stand in `defaults`.
    private func map(_ node: Node, isMerged: Bool, where isIncluded: (Node) -> Bool = { _ in true }) -> SchemaValue {
        let children = node.children.filter { isIncluded($0.node) }
        var members: [(String, SchemaValue)] = [
            ("type", "object"), ("additionalProperties", .bool(false)),
            (
                "properties",
                .object(children.map { ($0.name, schema($0.node, isMerged: isMerged)) } + [("<<", .object([]))])
            ),
        ]
        let required = children.filter { $0.node.row.map { $0.defaultText == nil } ?? false }
        if !isMerged, !required.isEmpty {
            members.append(("required", .array(required.map { .string($0.name) })))
        }
        return .object(members)
    }

    private func schema(_ node: Node, isMerged: Bool) -> SchemaValue {
        let inner = node.children.isEmpty ? nil : map(node, isMerged: isMerged)
        guard let row = node.row else { return inner ?? .object([]) }
        return described(node, SchemaType.schema(of: row.type, map: inner))
    }

    private func described(_ node: Node, _ schema: SchemaValue) -> SchemaValue {
        guard let row = node.row else { return schema }
        let note = row.defaultText.map { $0 == "none" ? "" : ". Default: \($0)" } ?? ". Required"
        var members: [(String, SchemaValue)] = [("description", .string("\(row.line) (\(row.type))\(note)"))]
        // Beside a reference nothing else counts.
        if case .object(let own) = schema, own.first?.0 != "$ref" {
            members += own
        } else {
            members.append(("allOf", .array([schema])))
        }
        return .object(members)
    }
}

/// A JSON value whose members keep their order.
indirect enum SchemaValue: Equatable, ExpressibleByStringLiteral {
    case string(String)
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case array([SchemaValue])
    case object([(String, SchemaValue)])

    init(stringLiteral value: String) { self = .string(value) }

    static func == (left: SchemaValue, right: SchemaValue) -> Bool { left.text() == right.text() }

    func text(indent: String = "") -> String {
        let deeper = indent + "  "
        switch self {
        case .string(let text): return Self.quoted(text)
        case .integer(let value): return "\(value)"
        case .number(let value): return NumberText.format(value)
        case .bool(let value): return "\(value)"
        case .array(let items):
            return items.isEmpty
                ? "[]"
                : "[\n" + items.map { deeper + $0.text(indent: deeper) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members):
            let lines = members.map { "\(deeper)\(Self.quoted($0)): \($1.text(indent: deeper))" }
            return members.isEmpty ? "{}" : "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\\(scalar)"
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
