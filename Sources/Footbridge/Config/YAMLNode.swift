/// A YAML value and where it stands. All scalars are text here: the key that a value belongs to decides its type.
struct YAMLNode: Sendable {
    let content: Content
    let place: Place
    /// Nodes in this tree, aliases counted as often as they are used.
    let weight: Int
    /// Levels in this tree; 1 for a scalar.
    let height: Int

    enum Content: Sendable {
        /// `isPlain`: without quotes, so that `~` and `null` mean no value.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
    }

    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What this is, in a message.
    var kind: String {
        switch content {
        case .scalar: isNull ? "empty" : "a single value"
        case .sequence: "a list"
        case .mapping: "a map"
        }
    }
}

/// A key of a mapping with its value. Keys are always text.
struct YAMLEntry: Sendable {
    let key: String
    let place: Place
    let value: YAMLNode
}
