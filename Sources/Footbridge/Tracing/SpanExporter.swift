internal import FootbridgeCurl
internal import Logging

/// Sends the spans of one worker to a collector, over the worker's loop, some hundred at a time.
///
/// Nothing waits for it. While a request is under way, or fails, spans gather in a buffer of 2 MiB; what comes when that is full
/// is dropped, and counted. Belongs to the worker's loop.
final class SpanExporter {
    private let loop: CurlLoop
    private let logger: Logger
    private let handle: CurlHandle
    private let mask: SecretMask
    private var open: SpanBuffer
    /// Under way, or waiting for its next attempt.
    private var closed: SpanBuffer
    private var isSending = false
    private var attempts = 0
    private var timer: LoopTimer?
    /// Since people were told that it fails.
    private var droppedBefore: Int?
    /// The worker ends: called when nothing is left.
    private var onEnd: (() -> Void)?

    /// Spans that a collector has taken.
    private(set) var exported = 0
    /// Spans that no collector has taken, or ever will.
    private(set) var dropped = 0

    private static let usualCount = 512
    /// Fewer are sent when the first of them is so old.
    private static let longestWait = Duration.seconds(1)
    private static let timeout = Duration.seconds(10)
    private static let mostAttempts = 5
    private static let longestPause = Duration.seconds(30)

    /// - Throws: if libcurl refuses the options.
    init(_ config: TracingConfig, instance: String, loop: CurlLoop, logger: Logger) throws {
        (self.loop, self.logger, mask) = (loop, logger, SecretMask(config))
        let head = SpanText.head(config, instance: instance)
        (open, closed) = (SpanBuffer(head: head), SpanBuffer(head: head))
        // In libcurl's list "Name;" sends a header empty (CURLOPT_HTTPHEADER(3)).
        let headers = config.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        handle = try CurlHandle(
            loop: loop,
            options: TransferOptions(
                url: config.tracesURL, timeout: Self.timeout, connectTimeout: .seconds(2), keptBodyBytes: 1024,
                connection: ConnectionOptions(tls: TLSOptions(authorityFile: config.authorityFile)),
                headers: ["Content-Type: application/json", "User-Agent: Footbridge/\(Version.current)"] + headers))
        handle.onFinish = { [unowned self] in didAnswer($0) }
    }

    // MARK: - Gathering

    /// - Parameter write: appends a span; not called if there is no room.
    func add(_ write: (inout [UInt8]) -> Void) {
        guard !open.isFull else { return dropped += 1 }
        open.add(write)
        if open.count == 1, !isSending { sendLater() }
        if open.count >= Self.usualCount { send() }
    }

    private func sendLater() {
        guard timer == nil else { return }
        timer = loop.schedule(after: Self.longestWait) { [weak self] in
            guard let self else { return }
            timer = nil
            send()
        }
    }

    private func stopWaiting() {
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    // MARK: - Sending

    private func send() {
        guard !isSending else { return }
        stopWaiting()
        guard open.count > 0 else { return endIfAsked() }
        swap(&open, &closed)
        closed.close()
        (isSending, attempts) = (true, 0)
        transmit()
    }

    private func transmit() {
        attempts += 1
        var request = RequestBuffer()
        request.body = closed.bytes
        do throws(TransportFailure) {
            try handle.start(request)
        } catch {
            // Descriptors or memory may be there later.
            loop.schedule(after: .zero) { [weak self] in self?.didAnswer(.failure(error)) }
        }
    }

    private func didAnswer(_ result: Result<TransferResponse, TransportFailure>) {
        switch result {
        case .success(let answer) where (200..<300).contains(answer.status):
            let rejected = min(Self.rejected(in: answer.bodyHead), closed.count)
            exported += closed.count - rejected
            dropped += rejected
            if rejected > 0 { tell("\(rejected) spans are rejected", answer) } else { tellOfRecovery() }
            finish()
        case .success(let answer):
            tell("the collector answers \(answer.status)", answer)
            // https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes
            [429, 502, 503, 504].contains(answer.status) ? sendAgain() : giveUp()
        case .failure(let failure):
            tell("\(failure)")
            sendAgain()
        }
    }

    private func sendAgain() {
        guard attempts < Self.mostAttempts, onEnd == nil else { return giveUp() }
        let asked = handle.responseHeader("Retry-After").flatMap { Int64($0) }.map { Duration.seconds($0) } ?? .zero
        let pause = min(max(asked, .seconds(1 << (attempts - 1))), Self.longestPause)
        timer = loop.schedule(after: pause) { [weak self] in
            guard let self else { return }
            timer = nil
            transmit()
        }
    }

    private func giveUp() {
        dropped += closed.count
        finish()
    }

    private func finish() {
        closed.removeAll()
        isSending = false
        if open.count >= Self.usualCount || onEnd != nil { send() } else if open.count > 0 { sendLater() }
    }

    /// The number behind `rejectedSpans` of a partial success; it may be a string.
    static func rejected(in body: [UInt8]) -> Int {
        guard let name = body.firstRange(of: Array(#""rejectedSpans""#.utf8)) else { return 0 }
        let digits = body[name.upperBound...].drop { " \t\r\n:\"".utf8.contains($0) }
            .prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self)) ?? 0
    }

    // MARK: - Telling

    private func tell(_ reason: String, _ answer: TransferResponse? = nil) {
        guard droppedBefore == nil else { return }
        droppedBefore = dropped
        var metadata: Logger.Metadata = [LogKeys.reason: "\(reason)"]
        if let head = answer?.bodyHead, !head.isEmpty {
            metadata[LogKeys.error] = "\(String(decoding: mask.masked(head).prefix(200), as: UTF8.self))"
        }
        logger.warning("spans cannot be exported; those that find no room are dropped", metadata: metadata)
    }

    private func tellOfRecovery() {
        guard let before = droppedBefore else { return }
        droppedBefore = nil
        logger.notice(
            "spans are exported again", metadata: [LogKeys.dropped: .stringConvertible(dropped - before)])
    }

    // MARK: - The end

    /// Sends what there is, each part once; calls back when that is done, or after `limit`.
    func end(within limit: Duration, _ completion: @escaping () -> Void) {
        var isOver = false
        let finish = { [self] in
            guard !isOver else { return }
            isOver = true
            stopWaiting()
            handle.cancel()
            dropped += open.count + (isSending ? closed.count : 0)
            (isSending, onEnd) = (true, nil)
            completion()
        }
        onEnd = finish
        loop.schedule(after: limit) { finish() }
        if !isSending { return send() }
        // It has failed before, and waits.
        if timer != nil {
            stopWaiting()
            transmit()
        }
    }

    private func endIfAsked() { onEnd?() }
}
