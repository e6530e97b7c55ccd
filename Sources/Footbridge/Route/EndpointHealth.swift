internal import Webhooks

/// Whether an endpoint answers, for people: it fails after a few failures in a row, and answers again with the first answer.
///
/// Only tells; what happens to entries does not depend on it.
struct EndpointHealth {
    enum Change: Equatable {
        case fails(Outcome)
        case answers
    }

    /// Fewer are retried without a word.
    static let failuresInARow = 3

    private var failures = 0

    mutating func note(_ outcome: Outcome) -> Change? {
        guard case .outage = outcome else {
            defer { failures = 0 }
            return failures >= Self.failuresInARow ? .answers : nil
        }
        failures += 1
        return failures == Self.failuresInARow ? .fails(outcome) : nil
    }
}
