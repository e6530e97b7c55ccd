import Dispatch
import RedisStreams

#if canImport(Glibc)
    import Glibc
#endif

/// A worker for tests that kill and freeze it: writes into a ledger which message it handled, and how often.
///
/// `WorkerPeer <url> <ledger's url> <milliseconds of abandonedAfter> <concurrency>`
@main enum WorkerPeer {
    struct Unlucky: Error {}

    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count == 4, arguments[1] == "exit", let milliseconds = Int(arguments[3]) {
            try await ExitPeer.run(arguments[2], .milliseconds(milliseconds))
        }
        guard arguments.count == 5, let milliseconds = Int(arguments[3]), let concurrency = Int(arguments[4]) else {
            print("usage: WorkerPeer <url> <ledger url> <ms> <concurrency>")
            exit(64)
        }
        let redis = try await Redis.connect(arguments[1])
        let ledger = try await Redis.connect(arguments[2])
        let options = ProcessOptions(
            concurrency: concurrency, abandonedAfter: .milliseconds(milliseconds), attempts: 4,
            backoff: Backoff(initial: .milliseconds(100), factor: 2, maximum: .seconds(1)), drainTimeout: .seconds(2),
            observer: Teller())
        let group = redis.consumerGroup("workers", of: ["jobs"])
        let work = Task {
            try await group.process(options) { message in
                guard let kind = message["kind"], let number = message["n"] else { throw MessageRejected("no job") }
                if kind == "never" { throw Unlucky() }
                if kind == "late", message.deliveryCount ?? 0 < 3 { throw Unlucky() }
                if kind == "wrong" { throw MessageRejected("wrong") }
                // Not as a handler should: the thread is Swift's, and there are as many as cores.
                if kind == "blocking" {
                    usleep(5_000_000)
                    return
                }
                _ = try await ledger.send("HINCRBY", "ledger", number, 1)
            }
        }
        signal(SIGTERM, SIG_IGN)
        let term = DispatchSource.makeSignalSource(signal: SIGTERM)
        term.setEventHandler { @Sendable in work.cancel() }
        term.resume()
        print("working")
        fflush(nil)
        try await work.value
        print("stopped")
        await redis.close()
        await ledger.close()
    }
}

struct Teller: ProcessObserver {
    private func tell(_ text: String) {
        print(text)
        fflush(nil)
    }

    func didLose(_ id: EntryID, of stream: StreamName, isRunning: Bool) { tell("lost \(id) \(isRunning)") }
    func didTakeOver(_ count: Int, of stream: StreamName, from consumer: String) { tell("took \(count) \(consumer)") }
    func didMissTrimmed(_ id: EntryID, of stream: StreamName) { tell("trimmed \(id)") }
    func didMeetAnotherGroup(of stream: StreamName) { tell("another group") }
    func didMeetRival(of stream: StreamName, consumer: String) { tell("rival \(consumer)") }
    func didFail(_ failure: Redis.Failure, of stream: StreamName) { tell("failed \(failure)") }
}
