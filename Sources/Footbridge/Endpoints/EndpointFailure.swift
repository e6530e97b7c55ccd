public import FootbridgeWebhooks

/// What went wrong last at an endpoint, for people.
public struct EndpointFailure: Sendable, Equatable {
    /// Milliseconds since 1970.
    public var at: Int64
    public var outcome: Outcome
    /// What the answer says of the reason.
    public var cause: String?
    /// The head of the answer's body.
    public var answer: [UInt8]

    public init(at: Int64, outcome: Outcome, cause: String? = nil, answer: [UInt8] = []) {
        self.at = at
        self.outcome = outcome
        self.cause = cause
        self.answer = answer
    }
}
