internal import FootbridgeRedis
internal import FootbridgeWebhooks

extension Outcome {
    /// What it means for a delivery that a command brought no reply, or an error.
    ///
    /// - Parameter isNamedByEntry: the entry says which key it goes to.
    init(_ error: RedisError, isNamedByEntry: Bool = false) {
        switch error {
        case .server(let answer) where isNamedByEntry && answer.kind == .wrongType:
            self = .messageRefused(.redis(RedisAnswer(error.words)))
        case .server(let answer), .refused(let answer, _): self.init(answer, words: error.words)
        case .connection(let failure):
            // A connection that was lost, and one that could not be made, as for requests.
            self.init(.failure(failure), now: 0) { nil }
        case .timedOut: self = .outage(.timedOut)
        case .notMaster: self = .outage(.redis(RedisAnswer(error.description)))
        case .clusterNode: self = .routeRefused(.redis(RedisAnswer(error.description)))
        case .noCredentials(let words): self = .outage(.other(words))
        case .closed: self = .outage(.reset)
        case .protocolViolation, .unexpectedReply, .noSentinel: self = .outage(.other(error.description))
        }
    }

    private init(_ answer: ServerError, words: String) {
        let told = RedisAnswer(words)
        switch answer.kind {
        // For people to mend, and no entry's fault.
        case .configuration, .wrongType, .unknownCommand, .noProto, .moved, .ask, .crossSlot:
            self = .routeRefused(.redis(told))
        // What is not known may pass, and may be one entry's: others go on meanwhile.
        case .transient, .notMaster, .noGroup, .unblocked, .noScript, .busyGroup, .other: self = .outage(.redis(told))
        }
    }
}
