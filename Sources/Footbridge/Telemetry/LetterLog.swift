internal import Curl
internal import Logging

/// Tells of dead letters: the first of a kind at once, those that follow within a second in one line with their number.
final class LetterLog {
    private struct Kind: Hashable {
        let stream: String
        let reason: String
    }

    /// Letters that are not told yet.
    private struct Untold {
        var count = 0
        var last: DeadLetter?
    }

    private let loop: CurlLoop
    private let logger: Logger
    /// Kinds that were told within the last second.
    private var untold: [Kind: Untold] = [:]

    init(loop: CurlLoop, logger: Logger) {
        self.loop = loop
        self.logger = logger
    }

    func note(_ letter: DeadLetter, _ message: Logger.Message) {
        let kind = Kind(stream: letter.stream, reason: letter.reason.logged)
        guard untold[kind] == nil else {
            untold[kind]?.count += 1
            untold[kind]?.last = letter.withoutBody
            return
        }
        tell(letter, message)
        tellLater(kind, message)
    }

    private func tell(_ letter: DeadLetter, _ message: Logger.Message) {
        logger.warning(
            message,
            metadata: [
                LogKeys.stream: "\(letter.stream)", LogKeys.entry: "\(letter.key.id)",
                LogKeys.reason: "\(letter.reason.logged)", LogKeys.attempt: "\(letter.attempts)",
            ])
    }

    private func tellLater(_ kind: Kind, _ message: Logger.Message) {
        untold[kind] = Untold()
        loop.schedule(after: .seconds(1)) { [self] in
            guard let letters = untold.removeValue(forKey: kind), let last = letters.last else { return }
            if letters.count == 1 {
                tell(last, message)
            } else {
                logger.warning(
                    message,
                    metadata: [
                        LogKeys.stream: "\(kind.stream)", LogKeys.reason: "\(kind.reason)",
                        LogKeys.count: .stringConvertible(letters.count),
                    ])
            }
            tellLater(kind, message)
        }
    }
}
