public import Webhooks

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
    /// The entry was trimmed or deleted from its stream while it was pending.
    case trimmed

    /// The `reason` field of the dead letter.
    public var text: String {
        switch self {
        case .rejected(let outcome): "rejected: \(outcome.reason)"
        case .exhausted(let outcome): "exhausted: \(outcome?.reason ?? "instance_lost")"
        case .expired(let outcome): "expired: \(outcome?.reason ?? "instance_lost")"
        case .malformed(let why): "malformed: \(why)"
        case .trimmed: "trimmed"
        }
    }

    public var status: Int? {
        switch self {
        case .rejected(let outcome): outcome.status
        case .exhausted(let outcome), .expired(let outcome): outcome?.status
        case .malformed, .trimmed: nil
        }
    }
}
