/// Something that Redis shows and that is likely not what was meant. `check --live` tells it, and so does the log after the start.
package struct ServerAdvice: Sendable, Hashable {
    /// Entries may be missed, or lost; otherwise it is good to know.
    package let isWarning: Bool
    package let stream: String?
    package let text: String

    init(_ text: String, isWarning: Bool = true, stream: String? = nil) {
        (self.text, self.isWarning, self.stream) = (text, isWarning, stream)
    }
}
