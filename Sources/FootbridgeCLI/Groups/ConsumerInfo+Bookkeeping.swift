import Footbridge
import RedisStreams

extension ConsumerInfo {
    /// Whether no reader has this name: bridges note in it something of the group, or hand entries over under it.
    var isBookkeeping: Bool { name == WellKnownConsumer.released || WellKnownConsumer.isMark(name) }
}

extension [ConsumerInfo] {
    /// That one is not among them, and who is.
    func absence(of name: String, in stream: String) -> String {
        func quoted(_ text: String) -> String { "\"\(EscapedText.line(text.utf8))\"" }
        let others = filter { !$0.isBookkeeping }.map { quoted($0.name) }.joined(separator: ", ")
        return
            "\(EscapedText.line(stream.utf8)): the group has no consumer \(quoted(name)); it has \(others.isEmpty ? "none" : others)"
    }
}
