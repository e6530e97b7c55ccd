public import FootbridgeWebhooks

/// Why an entry is in the dead-letter stream.
public enum DeadLetterReason: Sendable, Equatable {
    /// The receiver said that this message is wrong.
    case rejected(Outcome)
    /// All attempts failed; the outcome of the last one, if it is known.
    case exhausted(Outcome?)
    /// `max_age` is over, or would be before the next attempt; the outcome of the last one, or what keeps the endpoint down.
    case expired(Outcome?)
    /// No request can be made from the entry.
    case malformed(String)
    /// A jq program of the route failed on it, or took too much time or memory; where the program stands, and what it said.
    case unshapeable(key: String, message: String)
    /// The entry was trimmed or deleted from its stream while it was pending.
    case trimmed

    /// The `reason` field of the dead letter.
    public var text: String {
        switch self {
        case .rejected(let outcome): "rejected: \(outcome.reason)"
        case .exhausted(let outcome): "exhausted: \(outcome?.reason ?? "instance_lost")"
        case .expired(let outcome): "expired: \(outcome?.reason ?? "instance_lost")"
        case .malformed(let why): "malformed: \(why)"
        case .unshapeable(let key, let message): "unshapeable: \(key): \(message)"
        case .trimmed: "trimmed"
        }
    }

    /// The same for logs: a program's message may hold anything of the entry.
    var logged: String { if case .unshapeable(let key, _) = self { "unshapeable: \(key)" } else { text } }

    public var status: Int? {
        switch self {
        case .rejected(let outcome): outcome.status
        case .exhausted(let outcome), .expired(let outcome): outcome?.status
        case .malformed, .unshapeable, .trimmed: nil
        }
    }
}
