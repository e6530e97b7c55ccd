internal import FootbridgeCurl
internal import FootbridgeRedis
internal import Logging

/// What Redis refuses while the rest goes on: a stream, or its dead-letter stream, may be of the wrong type, and a user may
/// acknowledge and not claim. It is asked again after a while, and people are told once.
///
/// What a lost connection left over is not refused: it is sent on the next one.
final class Refusals {
    enum Kind { case acknowledging, counting, burying }

    struct Duty: Hashable {
        let kind: Kind
        let stream: Int
    }

    /// `refusing` until Redis is asked again, `probing` until it has answered that.
    private enum State { case refusing, probing }

    private struct Standing {
        var state: State
        /// What Redis said.
        var words: String
    }

    private let loop: CurlLoop
    private let logger: Logger
    private var states: [Duty: Standing] = [:]
    /// When it is time to ask again.
    var onProbe: () -> Void = {}

    init(loop: CurlLoop, logger: Logger) {
        self.loop = loop
        self.logger = logger
    }

    func isAllowed(_ kind: Kind, _ stream: Int) -> Bool {
        states.isEmpty || states[Duty(kind: kind, stream: stream)]?.state != .refusing
    }

    /// All that is refused, in words: `dead letters cannot be written: OOM …`
    var all: [(duty: Duty, words: String)] {
        states.map { ($0.key, "\($0.key.kind.trouble): \($0.value.words)") }.sorted { $0.words < $1.words }
    }

    func note(_ error: RedisError, of kind: Kind, _ stream: Int, name: String) {
        let duty = Duty(kind: kind, stream: stream)
        guard !error.endsConnection, isAllowed(kind, stream) else { return }
        if states.updateValue(Standing(state: .refusing, words: error.words), forKey: duty) == nil {
            logger.error(kind.refusal, metadata: [LogKeys.stream: "\(name)", LogKeys.error: "\(error.words)"])
        }
        loop.schedule(after: kind.patience) { [weak self] in
            guard let self else { return }
            states[duty]?.state = .probing
            onProbe()
        }
    }

    func noteSuccess(of kind: Kind, _ stream: Int, name: String) {
        guard !states.isEmpty else { return }
        let duty = Duty(kind: kind, stream: stream)
        // What was sent before the refusal may have gone through: that says nothing.
        guard states[duty]?.state == .probing else { return }
        states[duty] = nil
        logger.notice(kind.recovery, metadata: [LogKeys.stream: "\(name)"])
    }
}

extension Refusals.Kind {
    fileprivate var refusal: Logger.Message {
        switch self {
        case .acknowledging: "Redis does not settle entries; they are kept"
        case .counting: "Redis does not count attempts; their entries are kept"
        case .burying: "dead letters cannot be written; their entries are kept"
        }
    }

    fileprivate var trouble: String {
        switch self {
        case .acknowledging: "Redis does not settle entries"
        case .counting: "Redis does not count attempts"
        case .burying: "dead letters cannot be written"
        }
    }

    fileprivate var recovery: Logger.Message {
        switch self {
        case .acknowledging: "Redis settles entries again"
        case .counting: "Redis counts attempts again"
        case .burying: "dead letters are written again"
        }
    }

    /// Until it is asked again. A dead letter has to be sent whole each time.
    var patience: Duration { self == .burying ? .seconds(5) : .seconds(1) }
}
