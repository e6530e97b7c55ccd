/// A consumer that nobody reads with, made once for each group: its name tells the group from a later one of the same
/// name, and where the group stood when the first instance met it.
package struct GroupMark: Equatable, Sendable {
    package let name: String

    package init(name: String) { self.name = name }

    /// `footbridge:group:<made up once>`; the script adds where the group stands, unless that is known to be right.
    package static func new() -> String {
        WellKnownConsumer.groupPrefix + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    /// Where the group stood before anybody read with it; `nil` in marks of earlier versions.
    package var origin: String? {
        guard let at = name.lastIndex(of: "@") else { return nil }
        return String(name[name.index(after: at)...])
    }
}
