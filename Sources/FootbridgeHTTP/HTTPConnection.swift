internal import CFootbridgeCurl
internal import FootbridgeCurl
internal import Glibc

/// One client of the server: what it has sent, what it is still to take, and until when.
///
/// Belongs to the server's thread. Never blocks.
final class HTTPConnection {
    enum State {
        /// For a request, or for the rest of one.
        case reading
        /// A request is there and waits for its turn.
        case ready(RequestParser.Request)
        /// Somebody works on the answer.
        case answering(Task<Void, Never>)
        /// The client is to take the rest of an answer.
        case sending
        case streaming(AsyncStream<[UInt8]>)
        /// All is said; what the client still sends is thrown away.
        case lingering
        case closed
    }

    let number: UInt64
    let descriptor: Int32
    private let limits: HTTPLimits
    private let refusal: HTTPServer.Refusal
    private(set) var state = State.reading
    /// When it began to wait for a request.
    private(set) var waitingSince: MonotonicTime
    /// `nil` while it waits for us.
    private(set) var deadline: MonotonicTime?
    private var parser: RequestParser
    private var phase = RequestParser.Phase.idle
    private var out: [UInt8] = []
    private var sent = 0
    private var answered = 0
    private var keepsAlive = true
    private var takesChunks = true
    /// Who fetches the next part of an answer without an end.
    private var fetching: Task<Void, Never>?
    private var discardedBytes = 0

    private static let discardedBytes = 4 << 20

    init(
        _ number: UInt64, descriptor: Int32, limits: HTTPLimits, now: MonotonicTime,
        refusal: @escaping HTTPServer.Refusal
    ) {
        self.number = number
        self.refusal = refusal
        self.descriptor = descriptor
        self.limits = limits
        parser = RequestParser(limits: limits)
        waitingSince = now
        deadline = now + limits.idleTime
    }

    deinit { close() }

    var heldBytes: Int { parser.heldBytes }

    var isClosed: Bool { if case .closed = state { true } else { false } }
    var isReading: Bool { if case .reading = state { true } else { false } }
    var isStreaming: Bool { if case .streaming = state { true } else { false } }

    /// May be closed for another one: it has no request that somebody works on, or it has had answers and wants more.
    var isExpendable: Bool {
        switch state {
        case .reading, .lingering: true
        case .ready: answered > 0
        default: false
        }
    }

    /// What the kernel is to tell of it.
    var events: Int16 {
        var events = sent < out.count ? Int16(POLLOUT) : 0
        switch state {
        case .reading, .lingering: events |= Int16(POLLIN)
        default: break
        }
        return events
    }

    /// The part that it wants next, if it has taken those before.
    var wantedPart: AsyncStream<[UInt8]>? {
        guard case .streaming(let parts) = state, sent == out.count, fetching == nil else { return nil }
        return parts
    }

    // MARK: - Reading

    func receive(_ scratch: UnsafeMutableRawBufferPointer, now: MonotonicTime) {
        let count = recv(descriptor, scratch.baseAddress, scratch.count, Int32(MSG_DONTWAIT))
        guard count > 0 else {
            if count == 0 || ![EAGAIN, EINTR].contains(errno) { close() }
            return
        }
        switch state {
        case .reading:
            parser.append(scratch[..<count])
            parse(now)
        case .lingering:
            discardedBytes += count
            if discardedBytes > Self.discardedBytes { close() }
        default: break
        }
    }

    private func parse(_ now: MonotonicTime) {
        do throws(HTTPError) {
            if let request = try parser.next() {
                (keepsAlive, takesChunks) = (request.keepsAlive, request.takesChunks)
                (state, deadline) = (.ready(request), nil)
                return
            }
        } catch {
            return refuse(error, now)
        }
        if parser.takeContinue() {
            out += ResponseBytes.continue
            flush(now)
        }
        guard isReading, parser.phase != phase else { return }
        phase = parser.phase
        switch phase {
        case .idle: deadline = now + limits.idleTime
        case .head: deadline = now + limits.headTime
        case .body: deadline = now + limits.bodyTime
        }
    }

    private func wait(_ now: MonotonicTime) {
        (state, phase) = (.reading, .idle)
        (waitingSince, deadline) = (now, now + limits.idleTime)
        parse(now)
    }

    // MARK: - Answering

    func begin(_ work: Task<Void, Never>) { state = .answering(work) }

    /// Ends what it was doing with an answer after which nothing can follow.
    func refuse(_ error: HTTPError, _ now: MonotonicTime) {
        keepsAlive = false
        guard let answer = refusal(error) else { return linger(now) }
        send(answer, now)
    }

    func answer(_ answer: HTTPAnswer, _ now: MonotonicTime) {
        guard case .answering = state else { return }
        send(answer, now)
    }

    private func send(_ answer: HTTPAnswer, _ now: MonotonicTime) {
        answered += 1
        if case .parts(let parts) = answer.body, answer.hasBody {
            keepsAlive = keepsAlive && takesChunks
            (state, deadline) = (.streaming(parts), now + limits.streamTime)
        } else {
            (state, deadline) = (.sending, now + limits.answerTime)
        }
        out += ResponseBytes.whole(
            answer, at: Int(WallClock.milliseconds / 1000), takesChunks: takesChunks, keepsAlive: keepsAlive)
        flush(now)
    }

    func fetch(_ work: Task<Void, Never>) { fetching = work }

    /// - Parameter part: `nil` at the end.
    func take(part: [UInt8]?, _ now: MonotonicTime) {
        guard case .streaming = state else { return }
        fetching = nil
        deadline = now + (part == nil ? limits.answerTime : limits.streamTime)
        if let part {
            out += takesChunks ? ResponseBytes.chunk(part) : part
        } else {
            if takesChunks { out += ResponseBytes.lastChunk }
            state = .sending
        }
        flush(now)
    }

    func flush(_ now: MonotonicTime) {
        while sent < out.count {
            let count = out.withUnsafeBytes { bytes in
                Glibc.send(
                    descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            guard count > 0 else {
                if errno == EINTR { continue }
                if errno != EAGAIN { close() }
                return
            }
            sent += count
            if isStreaming { deadline = now + limits.streamTime }
        }
        out.removeAll(keepingCapacity: out.capacity <= 64 << 10)
        sent = 0
        switch state {
        case .sending: keepsAlive ? wait(now) : linger(now)
        // Nothing to take is no fault of the client.
        case .streaming: deadline = nil
        default: break
        }
    }

    // MARK: - Ending

    private func linger(_ now: MonotonicTime) {
        shutdown(descriptor, Int32(SHUT_WR))
        (state, deadline) = (.lingering, now + limits.lingerTime)
    }

    func expire(_ now: MonotonicTime) {
        guard let deadline, deadline <= now else { return }
        switch (state, phase) {
        case (.reading, .head), (.reading, .body):
            refuse(HTTPError(408, "the request did not come in time"), now)
        default: close()
        }
    }

    /// The server stops: an answer without an end ends, and one that is not whole yet may still become so.
    func endSoon(_ now: MonotonicTime) {
        keepsAlive = false
        switch state {
        case .streaming:
            fetching?.cancel()
            take(part: nil, now)
        case .reading, .ready: close()
        default: break
        }
    }

    func close() {
        if isClosed { return }
        if case .answering(let work) = state { work.cancel() }
        fetching?.cancel()
        (state, deadline) = (.closed, nil)
        Glibc.close(descriptor)
    }
}
