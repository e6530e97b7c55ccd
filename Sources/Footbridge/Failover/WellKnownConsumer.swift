/// Names of consumers that are no worker's: those end in `.<number>`.
public enum WellKnownConsumer {
    /// Has the entries that bridges handed over when they stopped; every bridge takes them at once.
    public static let released = "footbridge:released"

    static let markPrefix = "footbridge:group:"

    /// Whether a name only tells one group from another of the same name (`GroupIdentity.swift`).
    public static func isMark(_ name: String) -> Bool { name.hasPrefix(markPrefix) }

    static func newMark() -> String { markPrefix + String(UInt64.random(in: .min ... .max), radix: 36) }
}
