extension RouteConfig {
    /// Where entries of this stream go that cannot be delivered; `nil` if they go nowhere.
    public func deadLetterStream(of stream: String) -> String? { deadLetter.name(for: stream, route: name) }

    /// All streams that dead letters of this stream may be in, that of earlier versions last.
    public func deadLetterStreams(of stream: String) -> [String] {
        [deadLetterStream(of: stream), deadLetter.formerName(for: stream)].compactMap(\.self)
    }

    /// What of this stream is to be delivered once more, to this route alone. It lies in the stream's cluster slot.
    public func replayStream(of stream: String) -> String { DeadLetterTarget.beside(stream, "replay:\(name)") }
}
