internal import Synchronization

/// Acknowledges what a loop has handled: together, at most a hundred messages, and a few milliseconds after the first of them
/// at the latest, whatever the loop does meanwhile.
///
/// Thread safety: everything may be called from anywhere; a loop, a timer and `Redis.close` do.
final class Acknowledger: Sendable {
    private struct State {
        var handled = HandledMessages()
        /// What was sent; not certain until it has its reply.
        var sent: [Sent] = []
        var isTimed = false
    }

    private struct Sent {
        let ids: [StreamName: [EntryID]]
        let call: Pipeline<Int>
    }

    private let group: ConsumerGroup
    private let state = Mutex(State())

    /// How long a message that was handled may wait for others.
    private static let patience = Duration.milliseconds(5)

    init(_ group: ConsumerGroup) { self.group = group }

    /// - Returns: whether so much is on its way that it should be waited for.
    func append(_ message: Message) -> Bool {
        let (isFull, startsTimer, isBehind) = state.withLock { state in
            state.handled.append(message)
            defer { state.isTimed = true }
            return (state.handled.count >= 100, !state.isTimed, state.sent.count >= 4)
        }
        if isFull { send() }
        if startsTimer { startTimer() }
        return isBehind
    }

    private func startTimer() {
        group.redis.acknowledgers.insert(self)
        Task {
            try? await Task.sleep(for: Self.patience)
            state.withLock { $0.isTimed = false }
            send()
        }
    }

    /// Sends what was handled, without waiting for the reply; also in a task that is cancelled, for it was handled.
    func send() {
        state.withLock { state in
            let ids = state.handled.take()
            guard !ids.isEmpty else { return }
            state.sent.append(Sent(ids: ids, call: group.beginAcknowledging(ids, isCancellable: false)))
        }
    }

    /// Waits until what was sent is acknowledged. What was not is sent again with the next.
    ///
    /// - Parameter newest: how many of the commands that were sent last are left for another time.
    func confirm(allBut newest: Int = 0) async throws(Redis.Failure) {
        let sent = state.withLock { state in
            let sent = state.sent.dropLast(newest)
            state.sent.removeFirst(sent.count)
            return sent
        }
        var failure: Redis.Failure?
        for sent in sent {
            do {
                _ = try await sent.call.values()
            } catch {
                state.withLock { $0.handled.putBack(sent.ids) }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        let isIdle = state.withLock { $0.handled.count == 0 && $0.sent.isEmpty && !$0.isTimed }
        if isIdle { group.redis.acknowledgers.remove(self) }
    }

    /// Sends what was handled and waits for its reply, for the last time. What fails comes again: it stays pending.
    func finish() async {
        send()
        // In a task of its own, which is not cancelled with the caller's.
        await Task { try? await confirm() }.value
        group.redis.acknowledgers.remove(self)
    }
}

/// The acknowledgers of a client that have something to do.
final class Acknowledgers: Sendable {
    private let members = Mutex<[ObjectIdentifier: Acknowledger]>([:])

    var all: [Acknowledger] { members.withLock { Array($0.values) } }

    func insert(_ acknowledger: Acknowledger) { members.withLock { $0[ObjectIdentifier(acknowledger)] = acknowledger } }

    func remove(_ acknowledger: Acknowledger) { members.withLock { $0[ObjectIdentifier(acknowledger)] = nil } }
}

/// Messages that were handled and are to be acknowledged together: their ids, by stream.
struct HandledMessages {
    private var ids: [(stream: StreamName, ids: [EntryID])] = []
    private(set) var count = 0

    mutating func append(_ message: Message) {
        count += 1
        // Most often it is of the stream of the one before.
        if let last = ids.indices.last, ids[last].stream == message.name {
            ids[last].ids.append(message.id)
        } else if let place = ids.firstIndex(where: { $0.stream == message.name }) {
            ids[place].ids.append(message.id)
        } else {
            var first: [EntryID] = []
            first.reserveCapacity(100)
            first.append(message.id)
            ids.append((message.name, first))
        }
    }

    mutating func take() -> [StreamName: [EntryID]] {
        defer { (ids, count) = ([], 0) }
        return Dictionary(ids.map { ($0.stream, $0.ids) }, uniquingKeysWith: +)
    }

    mutating func putBack(_ earlier: [StreamName: [EntryID]]) {
        for (stream, earlier) in earlier {
            count += earlier.count
            if let place = ids.firstIndex(where: { $0.stream == stream }) {
                ids[place].ids = earlier + ids[place].ids
            } else {
                ids.append((stream, earlier))
            }
        }
    }
}
