extension Redis {
    /// Why a call failed: what kind of trouble it is, what the server said, and whether the command may have run all the same.
    ///
    /// ```swift
    /// do {
    ///     try await stream.add(["n": 1])
    /// } catch {
    ///     switch error.kind {
    ///     case .wrongType: print("the key holds something else")
    ///     case _ where error.isTransient && !error.mayHaveRun: print("nothing was added; try later")
    ///     default: throw error
    ///     }
    /// }
    /// ```
    public struct Failure: Error, Sendable, Hashable {
        /// What it is, by what the caller can do about it.
        public let kind: Kind
        /// The command that failed, `"XADD"`; `nil` if it is not about one.
        public let command: String?
        /// What the server said, `"WRONGTYPE Operation against a key holding the wrong kind of value"`; `nil` if it said nothing.
        public let serverError: String?
        /// Whether the command may have taken effect: it was sent, and no reply told what became of it.
        ///
        /// `false` if it was not sent, if the server refused it, and for calls that change nothing (`count`, ranges, `read` …):
        /// it can be repeated. What commands by `send` and in batches change is not known. An error out of the middle of a script
        /// leaves what the script did before: `true`.
        public let mayHaveRun: Bool
        /// The rest of the story, for people.
        let reason: String

        /// For tests of your own code; otherwise failures come from the client.
        public init(
            _ kind: Kind, command: String? = nil, serverError: String? = nil, mayHaveRun: Bool = false,
            reason: String = ""
        ) {
            self.kind = kind
            self.command = command
            self.serverError = serverError
            self.mayHaveRun = mayHaveRun
            self.reason = reason
        }

        /// Whether it may go away by itself: the server, or the way to it, is in trouble; the command is in order.
        ///
        /// Wrong credentials do not.
        public var isTransient: Bool {
            switch kind {
            case .transient, .notMaster, .unreachable, .connectionLost, .timedOut: true
            default: false
            }
        }
    }
}

extension Redis.Failure: CustomStringConvertible {
    /// For people and logs; holds no password, and no fields of an entry.
    public var description: String {
        let what: String? =
            switch kind {
            case .unreachable: "Redis is unreachable"
            case .connectionLost: "the connection was lost before the reply"
            case .timedOut: "there was no reply in time"
            case .replyTooLarge: "the reply is larger than is taken"
            case .conflict: "a key that was watched has changed; nothing ran"
            case .unexpectedReply: "the reply is not what was expected"
            case .notSent: "not sent"
            case .closed: "the client was closed"
            case .cancelled: "the task was cancelled"
            case .invalidConfiguration, .unsupported: nil
            default: serverError == nil && reason.isEmpty ? "\(kind)" : nil
            }
        let words = [command, what, reason.isEmpty ? serverError : reason].compactMap(\.self).filter { !$0.isEmpty }
        return words.joined(separator: ": ") + (mayHaveRun ? " (it may have run)" : "")
    }
}
