/// What a type of the documentation, `duration, 10ms to 1h` or `false, create or map`, is in a JSON Schema.
///
/// The key decides what a value is, and quotes make no difference, so a number may come as text and the other way round; and a
/// variable may stand in place of any single value.
enum SchemaType {
    /// - Parameter map: of the keys below this one.
    static func schema(of type: String, map: SchemaValue?) -> SchemaValue {
        let forms = forms(of: type, map: map)
        return forms.count == 1 ? forms[0] : .object([("anyOf", .array(forms))])
    }

    static let secret = SchemaValue.object([
        (
            "anyOf",
            .array(
                [text]
                    + ["env", "file", "credential"].map { name in
                        .object([
                            ("type", "object"), ("additionalProperties", .bool(false)),
                            ("properties", .object([(name, text)])), ("required", .array([.string(name)])),
                        ])
                    })
        )
    ])

    /// A single value of whatever kind.
    private static let text = SchemaValue.object([("type", .array(["string", "number", "boolean"]))])
    private static let variable = pattern("\\$\\{")

    private static func pattern(_ pattern: String) -> SchemaValue {
        .object([("type", "string"), ("pattern", .string(pattern))])
    }

    private static func list(of item: SchemaValue) -> SchemaValue {
        .object([("type", "array"), ("items", item), ("minItems", .integer(1))])
    }

    private static func map(of value: SchemaValue) -> SchemaValue {
        .object([("type", "object"), ("additionalProperties", value)])
    }

    /// Each way of writing a value. What is none of those below is a word, to be written as it is.
    private static func forms(of type: String, map inner: SchemaValue?) -> [SchemaValue] {
        let secret = ConfigSchema.reference("secret")
        switch type {
        case "string, \\(…) or { field: NAME }": return [attribute]
        case "map of strings, \\(…) or fields": return [map(of: attribute)]
        case "map of strings or secrets": return [map(of: secret)]
        case "list of ranges, addresses or names": return [.object([("type", "array"), ("items", text)])]
        case "secret or list of secrets": return [secret, list(of: secret)]
        case "map or list of maps": return inner.map { [$0, list(of: $0)] } ?? []
        case "all, list of strings or map": return [word("all"), list(of: text), map(of: text)]
        default: break
        }
        var forms: [SchemaValue] = []
        var isWithVariable = false
        var rest = type.replacing(" or ", with: ", ").split(separator: ", ").map(String.init)[...]
        while let form = rest.popFirst() {
            let range = rest.first.flatMap { $0.contains(" to ") ? $0 : nil }
            if range != nil { rest = rest.dropFirst() }
            switch form {
            case "map": if let inner { forms.append(inner) } else { forms.append(.object([("type", "object")])) }
            case "list of durations": forms.append(list(of: .object([("anyOf", .array([duration, variable]))])))
            case "list of integers": forms.append(list(of: .object([("anyOf", .array(integer(range) + [variable]))])))
            case "list of strings", "list of addresses": forms.append(list(of: text))
            case "secret",
                _ where form == "URL" && type.contains("secret"):
                if !forms.contains(secret) { forms.append(secret) }
            case "string", "jq", "path", "URL", "address", "id", "time", "rate", "percentage": forms.append(text)
            default:
                isWithVariable = true
                switch form {
                case "duration": forms.append(duration)
                case "size": forms.append(pattern("^(0|[1-9][0-9]*)(B|KiB|MiB|GiB|KB|MB|GB)$"))
                case "integer": forms += integer(range)
                case "number": forms += number(range)
                // To an editor, 0660 is a number.
                case "file mode": forms += [.object([("type", "integer")]), pattern("^0?[0-7]{3}$")]
                default: forms.append(word(form))
                }
            }
        }
        return isWithVariable ? forms + [variable] : forms
    }

    private static let duration = pattern("^(0|[1-9][0-9]*)(ms|s|m|h|d)$")

    private static let attribute = SchemaValue.object([
        (
            "anyOf",
            .array([
                text,
                .object([
                    ("type", "object"), ("additionalProperties", .bool(false)),
                    ("properties", .object([("field", text)])), ("required", .array(["field"])),
                ]),
            ])
        )
    ])

    /// A word, which in YAML may be a number or a truth value.
    private static func word(_ word: String) -> SchemaValue {
        var values: [SchemaValue] = [.string(word)]
        if let flag = Bool(word) { values.append(.bool(flag)) }
        if let number = Double(word) { values.append(.number(number)) }
        return .object([("enum", .array(values))])
    }

    private static func bounds(_ range: String?) -> [(String, SchemaValue)] {
        let ends = (range ?? "").split(separator: " ").compactMap { Double($0) }
        guard ends.count == 2 else { return [] }
        return [("minimum", .number(ends[0])), ("maximum", .number(ends[1]))]
    }

    private static func integer(_ range: String?) -> [SchemaValue] {
        [.object([("type", "integer")] + bounds(range)), pattern("^(0|[1-9][0-9]*)$")]
    }

    private static func number(_ range: String?) -> [SchemaValue] {
        [.object([("type", "number")] + bounds(range)), pattern("^(0|[1-9][0-9]*)([.][0-9]+)?$")]
    }
}
