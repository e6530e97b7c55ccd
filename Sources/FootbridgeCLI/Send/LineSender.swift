import FootbridgeRedis
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
    /// Whether wrong lines are left out.
    let keepGoing: Bool

    private var lines = InputLines()
    private var progress = SendProgress()
    private var batch: [StreamCommand<EntryID>] = []
    /// Of the line that was read last.
    private var lineNumber = 0
    /// Of the first line that is not sent.
    private var nextLine = 1
    private var wrongLines = 0

    init(client: RedisClient, stream: String, rate: Int?, maxlen: Int?, typed: Bool, keepGoing: Bool = false) {
        self.client = client
        self.stream = stream
        self.rate = rate
        self.maxlen = maxlen
        self.typed = typed
        self.keepGoing = keepGoing
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
            if error.isCancellation {
                complain("stopped before line \(nextLine); to go on there: \(wayOn(nextLine))")
            }
            if let error = error as? InputFailure {
                throw failure("\(error); stopped before line \(nextLine)", CommandExit.badInput)
            }
            throw error
        }
        if wrongLines > 0 {
            throw failure("\(wrongLines) of \(lineNumber) lines are wrong, and were left out", CommandExit.badInput)
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
            if keepGoing {
                wrongLines += 1
                return complain("footbridge: line \(lineNumber): \(error); left out")
            }
            lineNumber -= 1
            try await flush()
            throw failure(
                "line \(nextLine): \(error); the lines before it are sent; to go on once it is mended: \(wayOn(nextLine)); "
                    + "to go on behind it: \(wayOn(nextLine + 1)), or leave wrong lines out with --keep-going",
                CommandExit.badInput)
        }
    }

    private func wayOn(_ line: Int) -> String { "tail -n +\(line) FILE | footbridge send … --ndjson" }

    private mutating func flush() async throws(RedisError) {
        for result in await client.pipeline(batch) {
            _ = try result.get()
            progress.add(1)
        }
        batch.removeAll(keepingCapacity: true)
        nextLine = lineNumber + 1
    }
}
