/// Names of consumers that are no worker's: those end in `.<number>`.
package enum WellKnownConsumer {
    /// Has the entries that bridges handed over when they stopped; every bridge takes them at once.
    package static let released = "footbridge:released"

    package static let groupPrefix = "footbridge:group:"
    package static let ownerPrefix = "footbridge:owner:"
    package static let takenPrefix = "footbridge:taken:"
    package static let leasePrefix = "footbridge:lease:"
    package static let holdPrefix = "footbridge:hold:"
    /// There is never a consumer of this name.
    package static let nobody = "footbridge:nobody"

    /// Whether nobody reads under this name: it only says something of the group (`GroupMark`, `LeaseMark`, `HoldMark`) or of a
    /// worker (`OwnerMark`).
    package static func isMark(_ name: String) -> Bool {
        [groupPrefix, ownerPrefix, takenPrefix, leasePrefix, holdPrefix].contains { name.hasPrefix($0) }
    }

    /// Whether a Footbridge made this name: a worker's ends in its number.
    package static func isOwn(_ name: String) -> Bool {
        if name == released { return true }
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return false }
        let number = name[name.index(after: dot)...]
        return !number.isEmpty && number.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
