internal import CFootbridgeCurl
package import FootbridgeCurl
internal import Glibc
internal import Synchronization

/// A small server for HTTP/1.1: one thread that never blocks on a client, and bounds for everything that clients may do.
///
/// Thread safety: `start` and `stop` from anywhere; everything else belongs to the server's thread.
package final class HTTPServer: @unchecked Sendable {
    package typealias Handler = @Sendable (HTTPRequest) async -> HTTPAnswer
    /// What to say to a request that the handler does not get to see; `nil`: nothing, its connection just ends.
    package typealias Refusal = @Sendable (HTTPError) -> HTTPAnswer?

    private enum Message: Sendable {
        case answer(UInt64, HTTPAnswer)
        case part(UInt64, [UInt8]?)
        /// With the time that answers under way still have.
        case stop(Duration)
    }

    private struct Shared {
        var inbox: [Message] = []
        var hasEnded = false
        var waitingForEnd: [CheckedContinuation<Void, Never>] = []
    }

    private let shared = Mutex(Shared())
    private let wakeUp: WakeUp
    private let limits: HTTPLimits
    private let name: String
    private let refusal: Refusal
    private let handler: Handler

    private var listener: ListeningSocket?
    private var connections: [UInt64: HTTPConnection] = [:]
    private var accepted: UInt64 = 0
    /// Those that are ready, in the order of their requests.
    private var turns: [UInt64] = []
    private var allowance: TokenBucket?
    /// The system has no descriptors for more connections.
    private var acceptsAgainAt: MonotonicTime?
    private var stopsAt: MonotonicTime?
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)

    /// - Parameter name: of the thread, at most 15 bytes.
    package init(
        _ listener: ListeningSocket, name: String, limits: HTTPLimits = HTTPLimits(), refusal: @escaping Refusal,
        handler: @escaping Handler
    ) throws(SystemFailure) {
        wakeUp = try WakeUp()
        self.listener = listener
        self.limits = limits
        self.name = name
        self.refusal = refusal
        self.handler = handler
        allowance = limits.rate.map { TokenBucket(rate: $0, burst: limits.burst) }
    }

    deinit {
        scratch.deallocate()
    }

    package func start() throws(SystemFailure) {
        try DetachedThread.start { self.run() }
    }

    /// Closes what listens, ends event streams, gives answers that are under way a moment, and waits until all is closed.
    /// To be called after a start only.
    package func stop(within moment: Duration = .seconds(1)) async {
        post(.stop(moment))
        await withCheckedContinuation { continuation in
            let hasEnded = shared.withLock { shared in
                if !shared.hasEnded { shared.waitingForEnd.append(continuation) }
                return shared.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func post(_ message: Message) {
        shared.withLock { $0.inbox.append(message) }
        wakeUp.set()
    }

    // MARK: - The thread

    private func run() {
        footbridge_name_thread(name)
        while !isOver { turn() }
        connections.removeAll()
        let waiting = shared.withLock { shared in
            shared.hasEnded = true
            defer { shared.waitingForEnd = [] }
            return shared.waitingForEnd
        }
        for continuation in waiting { continuation.resume() }
    }

    private var isOver: Bool {
        guard let stopsAt else { return false }
        return connections.isEmpty || stopsAt <= .now
    }

    private func turn() {
        let polled = Array(connections.values)
        var descriptors = [pollfd(fd: wakeUp.reader, events: Int16(POLLIN), revents: 0)]
        descriptors.append(pollfd(fd: mayAccept ? listener?.descriptor ?? -1 : -1, events: Int16(POLLIN), revents: 0))
        descriptors += polled.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
        if poll(&descriptors, nfds_t(descriptors.count), patience) < 0 {
            // Without memory the kernel says no at once, again and again.
            if errno != EINTR { usleep(100_000) }
            return
        }
        let now = MonotonicTime.now
        if descriptors[0].revents != 0 { wakeUp.clear() }
        for message in shared.withLock({ shared in
            defer { shared.inbox = [] }
            return shared.inbox
        }) { take(message, now) }
        for (connection, found) in zip(polled, descriptors.dropFirst(2)) where found.revents != 0 {
            serve(connection, Int32(found.revents), now)
        }
        if descriptors[1].revents != 0 { accept(now) }
        for connection in connections.values {
            connection.expire(now)
            review(connection)
        }
        beginRequests(now)
    }

    private var mayAccept: Bool { acceptsAgainAt.map { $0 <= .now } ?? true }

    /// Until something is due, in milliseconds.
    private var patience: Int32 {
        var due = connections.values.compactMap(\.deadline)
        if let stopsAt { due.append(stopsAt) }
        if let acceptsAgainAt, !mayAccept { due.append(acceptsAgainAt) }
        if !turns.isEmpty, let allowance { due.append(.now + allowance.wait(.now)) }
        guard let first = due.min() else { return -1 }
        return Int32(max(0, min(60_000, ((first - .now).wholeNanoseconds + 999_999) / 1_000_000)))
    }

    private func take(_ message: Message, _ now: MonotonicTime) {
        switch message {
        case .answer(let number, let answer):
            guard let connection = connections[number] else { return }
            connection.answer(admitted(answer), now)
            review(connection)
        case .part(let number, let part):
            guard let connection = connections[number] else { return }
            connection.take(part: part, now)
            review(connection)
        case .stop(let moment):
            guard stopsAt == nil else { return }
            listener = nil
            stopsAt = now + moment
            for connection in connections.values {
                connection.endSoon(now)
                review(connection)
            }
        }
    }

    private func serve(_ connection: HTTPConnection, _ found: Int32, _ now: MonotonicTime) {
        if found & (POLLERR | POLLNVAL) != 0 { connection.close() }
        if found & POLLOUT != 0, !connection.isClosed { connection.flush(now) }
        if found & (POLLIN | POLLHUP) != 0, !connection.isClosed { read(connection, now, isGone: found & POLLHUP != 0) }
        review(connection)
    }

    private func read(_ connection: HTTPConnection, _ now: MonotonicTime, isGone: Bool) {
        guard connection.events & Int16(POLLIN) != 0 else {
            // Both directions are closed: nobody takes the answer that is being made.
            if isGone { connection.close() }
            return
        }
        connection.receive(scratch, now: now)
        guard connection.isReading, connections.values.reduce(0, { $0 + $1.heldBytes }) > limits.waitingBytes else {
            return
        }
        connection.refuse(HTTPError(503, "too much is being sent at once"), now)
    }

    /// To be called after everything that may have brought a connection on.
    private func review(_ connection: HTTPConnection) {
        if connection.isClosed {
            connections[connection.number] = nil
        } else if case .ready = connection.state, !turns.contains(connection.number) {
            turns.append(connection.number)
        } else if let parts = connection.wantedPart {
            connection.fetch(
                Task { [number = connection.number] in
                    // What was made meanwhile waits in the stream, which keeps the latest only.
                    var iterator = parts.makeAsyncIterator()
                    let part = await iterator.next()
                    self.post(.part(number, part))
                })
        }
    }

    // MARK: - Connections

    private func accept(_ now: MonotonicTime) {
        acceptsAgainAt = nil
        guard let listener else { return }
        for _ in 0..<16 {
            let descriptor = footbridge_accept(listener.descriptor)
            guard descriptor >= 0 else {
                switch errno {
                case EAGAIN: return
                case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                    acceptsAgainAt = now + .seconds(1)
                    return
                default: continue
                }
            }
            guard connections.count < limits.connections || makeRoom(now) else {
                turnAway(descriptor)
                continue
            }
            accepted += 1
            let connection = HTTPConnection(
                accepted, descriptor: descriptor, limits: limits, now: now, refusal: refusal)
            connections[accepted] = connection
            // Mostly the request is there already, and with it nobody else takes the place.
            connection.receive(scratch, now: now)
            review(connection)
        }
    }

    /// Closes the one that has waited longest. A client whose first request has come since the last look at the sockets keeps its place.
    private func makeRoom(_ now: MonotonicTime) -> Bool {
        func hasWaitedLonger(_ one: HTTPConnection, _ other: HTTPConnection) -> Bool {
            (one.waitingSince, one.number) < (other.waitingSince, other.number)
        }
        while let oldest = connections.values.filter(\.isExpendable).min(by: hasWaitedLonger) {
            if oldest.isReading { read(oldest, now, isGone: false) }
            if oldest.isExpendable { oldest.close() }
            review(oldest)
            if oldest.isClosed { return true }
        }
        return false
    }

    private func turnAway(_ descriptor: Int32) {
        if let answer = refusal(HTTPError(503, "there are \(limits.connections) connections already")) {
            let bytes = ResponseBytes.whole(
                answer, at: Int(WallClock.milliseconds / 1000), takesChunks: false, keepsAlive: false)
            _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        // Bytes that nobody has read would take the answer along.
        shutdown(descriptor, Int32(SHUT_WR))
        _ = recv(descriptor, scratch.baseAddress, scratch.count, Int32(MSG_DONTWAIT))
        close(descriptor)
    }

    // MARK: - Requests

    private func beginRequests(_ now: MonotonicTime) {
        while let number = turns.first {
            guard let connection = connections[number], case .ready(let request) = connection.state else {
                turns.removeFirst()
                continue
            }
            guard allowance?.take(now) ?? true else { return }
            turns.removeFirst()
            connection.begin(
                Task { [handler] in
                    self.post(.answer(number, await handler(request.request)))
                })
        }
    }

    /// An answer without an end only while there are few of them.
    private func admitted(_ answer: HTTPAnswer) -> HTTPAnswer {
        guard case .parts = answer.body, answer.hasBody,
            connections.values.count(where: \.isStreaming) >= limits.streams
        else { return answer }
        var refused =
            refusal(HTTPError(503, "there are \(limits.streams) event streams already"))
            ?? HTTPAnswer(status: 503, contentType: nil, body: .bytes([]))
        refused.headers["Retry-After"] = "10"
        return refused
    }
}
