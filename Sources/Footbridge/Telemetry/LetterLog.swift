internal import FootbridgeCurl
internal import Logging

/// Tells of dead letters: the first of a kind at once, those that follow within a second in one line with their number.
final class LetterLog {
    private struct Kind: Hashable {
        let stream: String
        let reason: String
    }

    private let log: SecondLog<Kind, (letter: DeadLetter, message: Logger.Message)>

    init(loop: CurlLoop, logger: Logger) {
        log = SecondLog(loop: loop) { kind, count, last in
            var metadata: Logger.Metadata = [LogKeys.stream: "\(kind.stream)", LogKeys.reason: "\(kind.reason)"]
            if count == 1 {
                metadata[LogKeys.entry] = "\(last.letter.shown.id)"
                metadata[LogKeys.attempt] = "\(last.letter.attempts)"
            } else {
                metadata[LogKeys.count] = .stringConvertible(count)
            }
            logger.warning(last.message, metadata: metadata)
        }
    }

    func flush() { log.flush() }

    func note(_ letter: DeadLetter, _ message: Logger.Message) {
        log.note((letter.withoutBody, message), Kind(stream: letter.shown.stream, reason: letter.reason.logged))
    }
}
