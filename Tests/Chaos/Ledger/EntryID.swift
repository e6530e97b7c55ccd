/// The id of a stream entry, `<milliseconds>-<sequence>`. The chaos test reads it by itself: nothing of what it checks.
struct EntryID: Comparable, Hashable, Sendable, CustomStringConvertible {
    var milliseconds: UInt64
    var sequence: UInt64

    init(milliseconds: UInt64, sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    init?(_ text: some StringProtocol) {
        guard let dash = text.firstIndex(of: "-"), let milliseconds = UInt64(text[..<dash]),
            let sequence = UInt64(text[text.index(after: dash)...])
        else { return nil }
        self.init(milliseconds: milliseconds, sequence: sequence)
    }

    var description: String { "\(milliseconds)-\(sequence)" }

    static func < (left: EntryID, right: EntryID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}
