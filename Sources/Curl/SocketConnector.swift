internal import CCurl
internal import Glibc
internal import Synchronization

/// Opens the connections of `CurlSocket`s on a thread of its own, so that a name server or a TLS handshake never holds up a
/// loop. All attempts of the process are under way at the same time; none waits for another.
///
/// Thread safety: everything here may be called from anywhere.
enum SocketConnector {
    typealias Completion = @Sendable (Result<ConnectedHandle, TransportFailure>) -> Void

    struct Order: Sendable {
        let number: Int
        let target: SocketTarget
        let completion: Completion
    }

    struct Inbox {
        var orders: [Order] = []
        var cancelled: Set<Int> = []
        var isEmpty: Bool { orders.isEmpty && cancelled.isEmpty }
    }

    private struct State {
        var inbox = Inbox()
        var count = 0
        /// What wakes the thread; `nil` while there is none.
        var wakeUp: Int32?
    }

    private static let state = Mutex(State())

    /// Begins to connect. The completion is called on the connector's thread, once, unless the attempt is cancelled.
    ///
    /// - Returns: a number for `cancel`.
    static func connect(_ target: SocketTarget, completion: @escaping Completion) -> Int {
        let (number, needsThread) = state.withLock { state in
            state.count += 1
            state.inbox.orders.append(Order(number: state.count, target: target, completion: completion))
            if let wakeUp = state.wakeUp { footbridge_event_set(wakeUp) }
            return (state.count, state.wakeUp == nil)
        }
        if needsThread { startThread() }
        return number
    }

    /// Drops an attempt: its completion is not called, unless it is being called already.
    static func cancel(_ number: Int) {
        state.withLock { state in
            // Without a thread there are no attempts.
            guard let wakeUp = state.wakeUp else { return }
            state.inbox.cancelled.insert(number)
            footbridge_event_set(wakeUp)
        }
    }

    /// What was asked for since the last time; `nil` when that is nothing and the thread is to end.
    ///
    /// - Parameter isIdle: whether no attempt is under way.
    static func takeInbox(isIdle: Bool) -> Inbox? {
        state.withLock { state in
            if isIdle, state.inbox.orders.isEmpty {
                state.inbox = Inbox()
                state.wakeUp = nil
                return nil
            }
            defer { state.inbox = Inbox() }
            return state.inbox
        }
    }

    private static func startThread() {
        let connecting: ConnectingThread
        do {
            connecting = try ConnectingThread()
        } catch {
            return refuseAll(error)
        }
        let isFirst = state.withLock { state in
            guard state.wakeUp == nil else { return false }
            state.wakeUp = connecting.wakeUp
            return true
        }
        // Another caller was faster, and its thread finds our order, too.
        guard isFirst else { return }
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<ConnectingThread>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(connecting).toOpaque())
        if failure == 0 {
            pthread_detach(thread)
        } else {
            state.withLock { $0.wakeUp = nil }
            Unmanaged.passUnretained(connecting).release()
            refuseAll(TransportFailure(kind: .other, message: "no thread for connecting"))
        }
    }

    private static func refuseAll(_ failure: TransportFailure) {
        let orders = state.withLock { state in
            // A thread that another caller started in the meantime takes them.
            guard state.wakeUp == nil else { return [Order]() }
            defer { state.inbox = Inbox() }
            return state.inbox.orders
        }
        for order in orders { order.completion(.failure(failure)) }
    }
}
