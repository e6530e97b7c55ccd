/// In which order the entries of a route are delivered. Where there is one, one instance at a time reads each stream.
public enum Ordering: Sendable, Equatable {
    /// As they come; a retry lets others pass.
    case none
    /// Those with the same key one after another, in the order of their ids.
    ///
    /// - Parameter program: a jq program that gives the key; entries for which it is `null` or empty have no order.
    case key(program: String)
    /// All of a stream one after another.
    case strict

    var program: String? { if case .key(let program) = self { program } else { nil } }

    var name: String {
        switch self {
        case .none: "none"
        case .key: "key"
        case .strict: "strict"
        }
    }
}

/// What becomes of the entries behind one that cannot be delivered.
public enum OnDead: String, Sendable, Equatable, CaseIterable {
    /// It goes to the dead letters, and the next of its key is sent.
    case `continue`
    /// It is tried again for as long as it takes, and its key waits.
    case hold
}
