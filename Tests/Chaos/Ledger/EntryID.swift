/// The id of a stream entry, `<milliseconds>-<sequence>`, and which of the run's streams it is in. The chaos test reads it
/// by itself: nothing of what it checks.
struct EntryID: Comparable, Hashable, Sendable, CustomStringConvertible {
    var milliseconds: UInt64
    var sequence: UInt32
    /// From 0.
    var stream: UInt32

    init(milliseconds: UInt64, sequence: UInt32, stream: Int = 0) {
        self.milliseconds = milliseconds
        self.sequence = sequence
        self.stream = UInt32(clamping: stream)
    }

    init?(_ text: some StringProtocol, stream: Int = 0) {
        guard let dash = text.firstIndex(of: "-"), let milliseconds = UInt64(text[..<dash]),
            let sequence = UInt32(text[text.index(after: dash)...])
        else { return nil }
        self.init(milliseconds: milliseconds, sequence: sequence, stream: stream)
    }

    /// As Redis writes it.
    var text: String { "\(milliseconds)-\(sequence)" }

    var description: String { stream == 0 ? text : "\(text) in stream \(stream)" }

    static func < (left: EntryID, right: EntryID) -> Bool {
        (left.stream, left.milliseconds, left.sequence) < (right.stream, right.milliseconds, right.sequence)
    }
}
