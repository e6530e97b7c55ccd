internal import FootbridgeCurl

/// A consumer that nobody reads with, one for each worker: which process has that worker's name, and after what silence it
/// may be taken for dead.
package struct OwnerMark: Equatable, Sendable {
    package let consumer: String
    /// Made up when the process started.
    package let token: String
    package let claimAfter: Duration

    package init(consumer: String, token: String, claimAfter: Duration) {
        self.consumer = consumer
        self.token = token
        self.claimAfter = claimAfter
    }

    /// `footbridge:owner:<token>:<milliseconds>:<consumer>`
    package init?(_ name: String, prefix: String = WellKnownConsumer.ownerPrefix) {
        guard name.hasPrefix(prefix) else { return nil }
        let parts = name.dropFirst(prefix.count)
            .split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let milliseconds = Int64(parts[1]), milliseconds >= 0 else { return nil }
        self.init(consumer: String(parts[2]), token: String(parts[0]), claimAfter: .milliseconds(milliseconds))
    }

    package var name: String { WellKnownConsumer.ownerPrefix + rest }
    /// A further consumer that nobody reads with: whoever takes over entries of this worker makes it in the same step. A worker
    /// that was only cut off for long knows by it why entries are missing.
    package var taken: String { WellKnownConsumer.takenPrefix + rest }
    private var rest: String { "\(token):\(claimAfter.wholeMilliseconds):\(consumer)" }

    /// The channel that the process listens to for as long as it lives.
    package static func channel(token: String) -> String { "footbridge:alive:\(token)" }
}
