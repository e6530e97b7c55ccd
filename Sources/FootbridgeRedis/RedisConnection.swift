internal import DequeModule
public import FootbridgeCurl
public import FootbridgeRESP

/// One connection to a Redis server: commands are pipelined, replies come back in their order.
///
/// Commands of one turn of the loop leave in one write. Belongs to the thread of its loop. A connection that failed stays
/// failed; `RedisLink` makes new ones.
public final class RedisConnection: TurnParticipant {
    public typealias Completion = (Result<RESPValue, RedisError>) -> Void

    private struct Awaited {
        let command: String
        let patience: Duration
        let deadline: MonotonicTime
        let completion: Completion
        /// Where its bytes end, counted from the connection's first.
        let end: Int
        /// When the last of them left.
        var sentAt: MonotonicTime?
    }

    public var isAwaitingEndOfTurn = false
    /// Called once, when the connection has ended; awaited commands have been told before.
    public var onClose: ((RedisError) -> Void)?
    /// What the server calls this connection, for `CLIENT UNBLOCK`; `nil` where the greeting did not tell.
    public internal(set) var clientID: Int64?
    /// Whether the greeting agreed on RESP3.
    public internal(set) var speaksRESP3 = false
    /// Why it is not known that the server is a master: what it answered to `ROLE`; `nil` if it said so.
    ///
    /// Worth telling people once: on a replica every acknowledgement would be refused.
    public internal(set) var unknownRole: String?
    /// What the server says it is part of (`standalone`, `cluster`, `sentinel`); `nil` where `HELLO` was not spoken.
    var mode: String?
    /// RESP3 pushes (messages of subscriptions, invalidations). Without a handler, one that comes ends the connection: it would
    /// be a sign that a command was sent which does not belong here.
    public var onPush: (([RESPValue]) -> Void)?

    private let loop: CurlLoop
    private let socket: CurlSocket
    private var decoder: RESPDecoder
    private var outgoing: [UInt8] = []
    private var awaited = Deque<Awaited>()
    /// Of those awaited, how many are known to have left; and the bytes of all commands ever.
    private var sentCount = 0
    private var queuedBytes = 0
    private var deadlineTimer: (timer: LoopTimer, due: MonotonicTime)?
    /// When bytes came last: a long reply that is on its way is not late.
    private var lastReceived = MonotonicTime(nanoseconds: 0)
    private var failure: RedisError?

    /// Takes over a socket that stands.
    ///
    /// - Parameter limits: what a reply may have; one beyond them ends the connection.
    public init(socket: CurlSocket, loop: CurlLoop, limits: RESPLimits = .asServersAllow) {
        self.socket = socket
        self.loop = loop
        decoder = RESPDecoder(limits: limits)
        socket.open(self)
    }

    public var isOpen: Bool { failure == nil }

    /// Bytes of commands that the server has not taken yet.
    public var unsentBytes: Int { outgoing.count + socket.unsentBytes }

    /// Queues a command. The completion is called on the loop, exactly once, never before this returns on an open connection.
    ///
    /// - Parameter deadline: when nothing has come for this long since the command
    ///   left, the connection is closed and everything awaited fails.
    public func send(_ command: RESPCommand, deadline: Duration = .seconds(5), _ completion: @escaping Completion) {
        if let failure {
            completion(.failure(failure))
            return
        }
        let bytes = command.encoded
        outgoing.append(contentsOf: bytes)
        queuedBytes += bytes.count
        let due = loop.now + deadline
        awaited.append(
            Awaited(
                command: command.name, patience: deadline, deadline: due, completion: completion, end: queuedBytes))
        watchDeadline(due)
        loop.atEndOfTurn(self)
    }

    /// The same for `async` code on the loop; throws what the server answers with an error, too.
    public func call(_ command: RESPCommand, deadline: Duration = .seconds(5)) async throws(RedisError) -> RESPValue {
        let result: Result<RESPValue, RedisError> = await withCheckedContinuation { continuation in
            send(command, deadline: deadline) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    public func close() { fail(.closed) }

    public func endTurn() {
        guard failure == nil, !outgoing.isEmpty else { return }
        noteSent()
        socket.write(outgoing)
        outgoing.removeAll(keepingCapacity: outgoing.capacity <= 256 * 1024)
        noteSent()
    }

    /// Notes when commands left. What is sent after a command is no progress for it: the kernel takes bytes for a server
    /// that is frozen, too.
    private func noteSent() {
        let left = queuedBytes - unsentBytes
        while sentCount < awaited.count, awaited[sentCount].end <= left {
            awaited[sentCount].sentAt = socket.lastSent
            sentCount += 1
        }
    }

    private func popAwaited() -> Awaited? {
        sentCount = max(0, sentCount - 1)
        return awaited.popFirst()
    }

    // MARK: - Replies

    private func receive(_ reply: RESPValue) {
        if case .push(let elements) = reply {
            // The answer to SUBSCRIBE is a push for each channel, and nothing else: the first one stands for all.
            let kind = elements.first?.text
            if kind == "subscribe" || kind == "psubscribe", awaited.first?.command == kind?.uppercased() {
                popAwaited()?.completion(.success(reply))
            } else if onPush == nil {
                return fail(.protocolViolation(.unsolicited))
            }
            onPush?(elements)
            return
        }
        guard let completion = popAwaited()?.completion else {
            fail(.protocolViolation(.unsolicited))
            return
        }
        if case .error(let text) = reply {
            let error = ServerError(text)
            completion(.failure(.server(error)))
            // The address may lead to another server by now: connect anew.
            if error.kind == .notMaster { fail(.notMaster(role: "replica")) }
        } else {
            completion(.success(reply))
        }
    }

    /// One timer, for the command that is due first.
    private func watchDeadline(_ due: MonotonicTime) {
        if let deadlineTimer {
            guard due < deadlineTimer.due else { return }
            loop.cancel(deadlineTimer.timer)
        }
        let timer = loop.schedule(after: due - loop.now) { [weak self] in self?.checkDeadline() }
        deadlineTimer = (timer, due)
    }

    private func checkDeadline() {
        deadlineTimer = nil
        // After a pause of the process the reply may be here, and nobody has looked yet.
        if let first = firstDue, first.due <= MonotonicTime.now { socket.readNow() }
        guard let (command, due) = firstDue else { return }
        if due <= MonotonicTime.now {
            fail(.timedOut(command: command))
        } else {
            watchDeadline(due)
        }
    }

    private var firstDue: (command: String, due: MonotonicTime)? {
        noteSent()
        return awaited.map { command in
            let progress = max(lastReceived, command.sentAt ?? socket.lastSent)
            return (command.command, max(command.deadline, progress + command.patience))
        }.min { $0.1 < $1.1 }
    }

    private func fail(_ error: RedisError) {
        guard failure == nil else { return }
        failure = error
        socket.close()
        if let deadlineTimer { loop.cancel(deadlineTimer.timer) }
        let left = awaited
        awaited = []
        outgoing = []
        for (index, command) in left.enumerated() {
            command.completion(.failure(index == 0 ? error : error.behind(left[0].command)))
        }
        onPush = nil
        let onClose = onClose
        self.onClose = nil
        onClose?(error)
    }
}

extension RedisError {
    /// What commands are told that wait behind the one which this has happened to: a reply that is too large is not theirs.
    fileprivate func behind(_ command: String) -> RedisError {
        guard case .protocolViolation(let error) = self, error.isLimit else { return self }
        return .connection(
            TransportFailure(
                kind: .disconnected, message: "the connection was given up: the reply to \(command) was too large"))
    }
}

extension RESPLimits {
    /// A value may be as large as servers allow by default; memory follows the bytes that come.
    public static let asServersAllow = RESPLimits(bulkBytes: 512 << 20, elements: .max, replyBytes: 2 << 30)
}

extension RedisConnection: CurlSocket.Owner {
    public func socketReceived(_ bytes: UnsafeRawBufferPointer) {
        lastReceived = loop.now
        decoder.append(bytes)
        do throws(RESPError) {
            while failure == nil, let reply = try decoder.next() { receive(reply) }
        } catch {
            fail(.protocolViolation(error))
        }
    }

    public func socketClosed(_ failure: TransportFailure?) {
        fail(
            .connection(
                failure ?? TransportFailure(kind: .disconnected, message: "\(socket.peer) closed the connection")))
    }
}
