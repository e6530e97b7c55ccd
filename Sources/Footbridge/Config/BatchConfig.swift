/// Requests that carry several entries.
public struct BatchConfig: Sendable, Equatable {
    /// How the bodies of the entries make one.
    public enum Format: String, Sendable, Equatable, CaseIterable {
        /// A JSON array.
        case array
        /// One JSON value per line (<https://github.com/ndjson/ndjson-spec>).
        case ndjson
    }

    public var format: Format
    /// Entries in one request.
    public var maximumEntries: Int
    /// Of the body. An entry that is larger goes alone.
    public var maximumBytes: Int
    /// How long the first entry waits for others.
    public var maximumWait: Duration

    /// Whether a request carries entries of one key only.
    public var isPerKey: Bool

    public init(
        format: Format = .array, maximumEntries: Int = 100, maximumBytes: Int = 1 << 20,
        maximumWait: Duration = .milliseconds(100), isPerKey: Bool = false
    ) {
        self.format = format
        self.maximumEntries = maximumEntries
        self.maximumBytes = maximumBytes
        self.maximumWait = maximumWait
        self.isPerKey = isPerKey
    }
}
