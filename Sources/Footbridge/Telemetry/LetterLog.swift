internal import Curl
internal import Logging

/// Tells of dead letters: the first of a kind at once, those that follow within a second in one line with their number.
final class LetterLog {
    private struct Kind: Hashable {
        let stream: String
        let reason: String
    }

    private let loop: CurlLoop
    private let logger: Logger
    /// Kinds that were told within the last second, with the letters since then.
    private var counts: [Kind: Int] = [:]

    init(loop: CurlLoop, logger: Logger) {
        self.loop = loop
        self.logger = logger
    }

    func note(_ letter: DeadLetter, _ message: Logger.Message) {
        let kind = Kind(stream: letter.stream, reason: letter.reason.text)
        if let count = counts[kind] {
            counts[kind] = count + 1
            return
        }
        logger.warning(
            message,
            metadata: [
                LogKeys.stream: "\(letter.stream)", LogKeys.entry: "\(letter.key.id)",
                LogKeys.reason: "\(kind.reason)", LogKeys.attempt: "\(letter.attempts)",
            ])
        counts[kind] = 0
        tellLater(kind, message)
    }

    private func tellLater(_ kind: Kind, _ message: Logger.Message) {
        loop.schedule(after: .seconds(1)) { [self] in
            guard let count = counts.removeValue(forKey: kind), count > 0 else { return }
            logger.warning(
                message,
                metadata: [
                    LogKeys.stream: "\(kind.stream)", LogKeys.reason: "\(kind.reason)",
                    LogKeys.count: .stringConvertible(count),
                ])
            counts[kind] = 0
            tellLater(kind, message)
        }
    }
}
