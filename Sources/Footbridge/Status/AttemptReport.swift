/// One attempt, as people and programs are shown it: by the admin server and by `footbridge tail`. docs/api.md describes each member.
public struct AttemptReport: Codable, Sendable, Equatable {
    public var at: String
    public var route: String
    public var stream: String
    public var entry: String
    public var attempt: Int
    public var entries: Int?
    public var endpoint: String
    public var ok: Bool
    public var status: Int?
    public var outcome: String
    public var error: String?
    public var durationMs: Double
    public var answer: String?
    public var then: String
    public var nextInS: Double?

    public init(
        at: String, route: String, stream: String, entry: String, attempt: Int, entries: Int?, endpoint: String,
        ok: Bool, status: Int?, outcome: String, error: String?, durationMs: Double, answer: String?, then: String,
        nextInS: Double?
    ) {
        self.at = at
        self.route = route
        self.stream = stream
        self.entry = entry
        self.attempt = attempt
        self.entries = entries
        self.endpoint = endpoint
        self.ok = ok
        self.status = status
        self.outcome = outcome
        self.error = error
        self.durationMs = durationMs
        self.answer = answer
        self.then = then
        self.nextInS = nextInS
    }
}
