import Redis
import RedisStreams

/// Sends the lines of standard input as entries, in portions; whenever the input pauses, what there is.
///
/// The rate is kept by the sum of what was sent, so that a slow moment is made up for.
struct LineSender {
    let client: RedisClient
    let stream: String
    let rate: Int?
    let maxlen: Int?
    let typed: Bool

    private var lines = InputLines()
    private var progress = SendProgress()
    private var batch: [StreamCommand<EntryID>] = []
    /// Of the line that was read last.
    private var lineNumber = 0
    /// Of the first line that is not sent.
    private var nextLine = 1

    init(client: RedisClient, stream: String, rate: Int?, maxlen: Int?, typed: Bool) {
        self.client = client
        self.stream = stream
        self.rate = rate
        self.maxlen = maxlen
        self.typed = typed
    }

    /// However it ends, it says how much was sent.
    ///
    /// - Throws: the exit code for a line that cannot be sent; `RedisError`; `CancellationError`.
    mutating func run() async throws {
        do {
            try await send()
            progress.finish()
        } catch {
            progress.finish()
            if error is CancellationError { complain("stopped before line \(nextLine); \(wayOn)") }
            throw error
        }
    }

    private mutating func send() async throws {
        let start = ContinuousClock.now
        let portion = min(256, max(1, (rate ?? 25_600) / 20))
        while let line = try await lines.next() {
            lineNumber += 1
            progress.read(line)
            if !line.allSatisfy({ " \t\r".utf8.contains($0) }) { try await add(line) }
            guard batch.count >= portion || lines.isDry else { continue }
            try await flush()
            if let rate { try await Task.sleep(until: start + .seconds(1) * (Double(progress.sent) / Double(rate))) }
        }
        try await flush()
    }

    private mutating func add(_ line: ArraySlice<UInt8>) async throws {
        do throws(EventLineError) {
            let fields = try EventLine.fields(Array(line), typed: typed)
            batch.append(.add(fields, to: stream, trimming: maxlen.map { .length($0) }))
        } catch {
            lineNumber -= 1
            try await flush()
            throw failure("line \(nextLine): \(error); the lines before it are sent; \(wayOn)", CommandExit.badInput)
        }
    }

    private var wayOn: String { "to go on from there: tail -n +\(nextLine) FILE | footbridge send … --ndjson" }

    private mutating func flush() async throws(RedisError) {
        for result in await client.pipeline(batch) {
            _ = try result.get()
            progress.add(1)
        }
        batch.removeAll(keepingCapacity: true)
        nextLine = lineNumber + 1
    }
}
