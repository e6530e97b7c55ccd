import Logging
import RedisStreams
import Synchronization
import Testing

@Suite struct LoggingObserverTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let data = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
            lines.all.withLock { $0.append("\(event.level) \(event.message) \(data)") }
        }
    }

    private struct Unlucky: Error {}

    @Test func `each event is a line, with its stream and no field of a message`() {
        let lines = Lines()
        let observer = LoggingObserver(Logger(label: "test") { _ in Handler(lines: lines) })
        let message = Message(stream: "s", id: "1-0", fields: ["secret": "x"])
        observer.didStart(message)
        observer.didFinish(message, after: .seconds(1))
        observer.willRetry(message, after: .seconds(2), because: Unlucky())
        observer.didBury("1-0", of: "s", because: "rejected: no")
        observer.didLose("1-0", of: "s", isRunning: true)
        observer.didTakeOver(3, of: "s", from: "c")
        observer.didMissTrimmed("1-0", of: "s")
        observer.didMeetAnotherGroup(of: "s")
        observer.didMeetRival(of: "s", consumer: "c")
        observer.didFail(Redis.Failure(.timedOut), of: "s")
        #expect(
            lines.all.withLock { $0 } == [
                "warning a message failed, and comes again attempt=1 id=1-0 reason=Unlucky() stream=s wait=2.0 seconds",
                "error a message is given up id=1-0 reason=rejected: no stream=s",
                "warning a message belongs to another consumer now id=1-0 running=true stream=s",
                "notice messages were taken over consumer=c count=3 stream=s",
                "warning a message was pending, and is no longer in the stream id=1-0 stream=s",
                "warning the group is another one; what is held goes back into it stream=s",
                "warning another process has this consumer's name; nothing is read until it is gone consumer=c stream=s",
                "warning Redis fails reason=there was no reply in time stream=s",
            ])
    }
}
