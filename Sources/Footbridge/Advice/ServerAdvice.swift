/// Something that Redis shows and that is likely not what was meant. `check --live` tells it, and so does the log after the start.
package struct ServerAdvice: Sendable, Hashable {
    /// Entries may be missed, or lost; otherwise it is good to know.
    package let isWarning: Bool
    package let route: String?
    package let stream: String?
    package let text: String

    init(_ text: String, isWarning: Bool = true, route: String? = nil, stream: String? = nil) {
        (self.text, self.isWarning, self.route, self.stream) = (text, isWarning, route, stream)
    }
}
