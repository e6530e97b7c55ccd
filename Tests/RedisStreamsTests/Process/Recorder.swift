import RedisStreams
import Synchronization
import TestSupport

/// What a worker did and told, in order.
final class Recorder: ProcessObserver {
    private let events = Mutex<[String]>([])

    var all: [String] { events.withLock { $0 } }

    func note(_ event: String) { events.withLock { $0.append(event) } }

    func count(_ prefix: String) -> Int { all.count { $0.hasPrefix(prefix) } }

    /// Waits until an event of this beginning was told `count` times.
    func wait(for prefix: String, count: Int = 1, timeout: Duration = .seconds(40)) async throws {
        let end = ContinuousClock.now + timeout
        while self.count(prefix) < count {
            guard .now < end else { throw TestSupportError("no \(count) “\(prefix)”; the last: \(all.suffix(20))") }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    func willRetry(_ message: Message, after wait: Duration, because error: any Error) {
        note("retry \(message["n"] ?? "")")
    }
    func didBury(_ id: EntryID, of stream: StreamName, because reason: String) { note("bury \(reason)") }
    func didLose(_ id: EntryID, of stream: StreamName, isRunning: Bool) { note("lose \(id)") }
    func didTakeOver(_ count: Int, of stream: StreamName, from consumer: String) { note("take \(count) \(consumer)") }
    func didMissTrimmed(_ id: EntryID, of stream: StreamName) { note("trimmed \(id)") }
    func didFail(_ failure: Redis.Failure, of stream: StreamName) { note("fail \(failure.kind)") }
    func didMeetAnotherGroup(of stream: StreamName) { note("another group") }
    func didMeetRival(of stream: StreamName, consumer: String) { note("rival \(consumer)") }
}

/// Opened once; until then tasks wait. (`TestSupport.Gate` blocks threads.)
final class AsyncGate: Sendable {
    private let isOpen = Mutex(false)

    func open() { isOpen.withLock { $0 = true } }

    func pass() async throws {
        while !isOpen.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
    }
}
