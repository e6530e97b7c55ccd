internal import FootbridgeCurl

/// Names of consumers that are no worker's: those end in `.<number>`.
public enum WellKnownConsumer {
    /// Has the entries that bridges handed over when they stopped; every bridge takes them at once.
    public static let released = "footbridge:released"

    static let groupPrefix = "footbridge:group:"
    static let ownerPrefix = "footbridge:owner:"
    static let takenPrefix = "footbridge:taken:"
    static let leasePrefix = "footbridge:lease:"
    static let holdPrefix = "footbridge:hold:"
    /// There is never a consumer of this name.
    static let nobody = "footbridge:nobody"

    /// Whether nobody reads under this name: it only says something of the group (`GroupMark`, `LeaseMark`, `HoldMark`) or of a
    /// worker (`OwnerMark`).
    public static func isMark(_ name: String) -> Bool {
        [groupPrefix, ownerPrefix, takenPrefix, leasePrefix, holdPrefix].contains { name.hasPrefix($0) }
    }

    /// Whether a Footbridge made this name: a worker's ends in its number.
    public static func isOwn(_ name: String) -> Bool {
        if name == released { return true }
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return false }
        let number = name[name.index(after: dot)...]
        return !number.isEmpty && number.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

/// A consumer that nobody reads with, made once for each group: its name tells the group from a later one of the same
/// name, and where the group stood when the first instance met it.
struct GroupMark: Equatable, Sendable {
    let name: String

    init(name: String) { self.name = name }

    /// `footbridge:group:<made up once>`; the script adds where the group stands, unless that is known to be right.
    static func new() -> String { WellKnownConsumer.groupPrefix + String(UInt64.random(in: .min ... .max), radix: 36) }

    /// Where the group stood before anybody read with it; `nil` in marks of earlier versions.
    var origin: String? {
        guard let at = name.lastIndex(of: "@") else { return nil }
        return String(name[name.index(after: at)...])
    }
}

/// A consumer that nobody reads with, one for each worker: which process has that worker's name, and after what silence it
/// may be taken for dead.
struct OwnerMark: Equatable, Sendable {
    let consumer: String
    /// Made up when the process started.
    let token: String
    let claimAfter: Duration

    init(consumer: String, token: String, claimAfter: Duration) {
        self.consumer = consumer
        self.token = token
        self.claimAfter = claimAfter
    }

    /// `footbridge:owner:<token>:<milliseconds>:<consumer>`
    init?(_ name: String, prefix: String = WellKnownConsumer.ownerPrefix) {
        guard name.hasPrefix(prefix) else { return nil }
        let parts = name.dropFirst(prefix.count)
            .split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let milliseconds = Int64(parts[1]), milliseconds >= 0 else { return nil }
        self.init(consumer: String(parts[2]), token: String(parts[0]), claimAfter: .milliseconds(milliseconds))
    }

    var name: String { WellKnownConsumer.ownerPrefix + rest }
    /// A further consumer that nobody reads with: whoever takes over entries of this worker makes it in the same step. A worker
    /// that was only cut off for long knows by it why entries are missing.
    var taken: String { WellKnownConsumer.takenPrefix + rest }
    private var rest: String { "\(token):\(claimAfter.wholeMilliseconds):\(consumer)" }

    /// The channel that the process listens to for as long as it lives.
    static func channel(token: String) -> String { "footbridge:alive:\(token)" }
}

/// A consumer that nobody reads with, in groups whose entries are kept in order: which worker reads, and nobody beside it.
///
/// It lasts as long as that worker shows life. Whoever reads or takes entries over names it, in the same step, so a worker that
/// has lost it without knowing gets nothing.
struct LeaseMark: Equatable, Sendable {
    /// Rises with each one who takes the lease over.
    let name: String
    let fence: Int64
    let owner: OwnerMark

    /// `footbridge:lease:<fence>:<token>:<milliseconds>:<consumer>`
    init?(_ name: String) {
        guard name.hasPrefix(WellKnownConsumer.leasePrefix) else { return nil }
        let rest = name.dropFirst(WellKnownConsumer.leasePrefix.count)
        guard let colon = rest.firstIndex(of: ":"), let fence = Int64(rest[..<colon]),
            let owner = OwnerMark(String(rest[rest.index(after: colon)...]), prefix: "")
        else { return nil }
        (self.name, self.fence, self.owner) = (name, fence, owner)
    }

    #if FOOTBRIDGE_SABOTAGE
        /// One that nobody looks for.
        init(unchecked owner: OwnerMark) { (name, fence, self.owner) = ("", 0, owner) }
    #endif
}
