/// What a `ScriptedReceiver` does with a request that it has read.
public enum ReceiverAction: Sendable {
    case answer(Int, headers: [String: String] = [:], body: String = "")
    /// Answers after this long, unless the sender or the receiver goes first.
    case answerAfter(Duration, Int)
    /// Answers once the test opens the gate.
    case answerWhenOpen(Gate, Int)
    /// Sends a whole answer one byte at a time, with this pause after each.
    case slow(Int, body: String = "", pause: Duration)
    /// Sends these bytes as they are, then closes: an answer that is no HTTP, or one without an end.
    case raw(String)
    /// The status line, headers that promise 100 bytes of body, ten of them, and an orderly end.
    case halfAnswer(Int)
    /// Reads the request and never answers.
    case hang
    case closeWithoutAnswer
    /// Ends the connection with RST in place of an answer.
    case reset

    /// Whether the sender is told that the request was accepted.
    public var accepts: Bool {
        switch self {
        case .answer(let status, _, _), .answerAfter(_, let status), .answerWhenOpen(_, let status),
            .slow(let status, _, _):
            (200...299).contains(status)
        case .raw, .halfAnswer, .hang, .closeWithoutAnswer, .reset:
            false
        }
    }
}

/// What a `ScriptedReceiver` does with a connection, before a byte of it is read.
public enum ConnectionAction: Sendable {
    case serve
    /// RST at once.
    case reset
    case close
    /// Keeps it open and never reads.
    case ignore
}
