internal import CFootbridgeCurl
internal import Synchronization

/// Opens the connections of `CurlSocket`s on threads of its own, so that a name server or a TLS handshake never holds up a
/// loop. All attempts of the process are under way at the same time; none waits for another.
///
/// They take turns on a few threads, for TLS takes time: reading the system's authorities alone is 15 ms for each connection.
///
/// Thread safety: everything here may be called from anywhere.
final class SocketConnector: Sendable {
    typealias Completion = @Sendable (Result<ConnectedHandle, TransportFailure>) -> Void

    struct Order: Sendable {
        let number: Int
        let target: SocketTarget
        let completion: Completion
    }

    struct Inbox {
        var orders: [Order] = []
        var cancelled: Set<Int> = []
    }

    private struct State {
        var inbox = Inbox()
        /// What wakes the thread; `nil` while there is none.
        var wakeUp: WakeUp?
    }

    private let state = Mutex(State())

    let polling: PollerKind

    private init(_ polling: PollerKind) { self.polling = polling }

    private static let all = PollerKind.allCases.map { kind in (0..<4).map { _ in SocketConnector(kind) } }
    private static let count = Atomic(0)

    /// Begins to connect. The completion is called on a connector's thread, once, unless the attempt is cancelled.
    ///
    /// - Returns: a number for `cancel`.
    static func connect(_ target: SocketTarget, _ polling: PollerKind, completion: @escaping Completion) -> Int {
        let number = count.add(1, ordering: .relaxed).newValue
        connector(of: number, polling).take(Order(number: number, target: target, completion: completion))
        return number
    }

    private static func connector(of number: Int, _ polling: PollerKind) -> SocketConnector {
        let connectors = all[polling.rawValue]
        return connectors[number % connectors.count]
    }

    /// Drops an attempt: its completion is not called, unless it is being called already.
    static func cancel(_ number: Int, _ polling: PollerKind) { connector(of: number, polling).drop(number) }

    private func take(_ order: Order) {
        let needsThread = state.withLock { state in
            state.inbox.orders.append(order)
            if let wakeUp = state.wakeUp { wakeUp.set() }
            return state.wakeUp == nil
        }
        if needsThread { startThread() }
    }

    private func drop(_ number: Int) {
        state.withLock { state in
            state.inbox.orders.removeAll { $0.number == number }
            guard let wakeUp = state.wakeUp else { return }
            state.inbox.cancelled.insert(number)
            wakeUp.set()
        }
    }

    /// What was asked for since the last time; `nil` when that is nothing and the thread is to end.
    ///
    /// - Parameter isIdle: whether no attempt is under way.
    func takeInbox(isIdle: Bool) -> Inbox? {
        state.withLock { state in
            defer { state.inbox = Inbox() }
            guard isIdle, state.inbox.orders.isEmpty else { return state.inbox }
            state.wakeUp = nil
            return nil
        }
    }

    private func startThread() {
        let connecting: ConnectingThread
        do {
            connecting = try ConnectingThread(self)
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
        do throws(SystemFailure) {
            try DetachedThread.start { connecting.run() }
        } catch {
            state.withLock { $0.wakeUp = nil }
            refuseAll(TransportFailure(kind: .other, message: "no thread for connecting"))
        }
    }

    private func refuseAll(_ failure: TransportFailure) {
        let orders = state.withLock { state in
            // A thread that another caller started in the meantime takes them.
            guard state.wakeUp == nil else { return [Order]() }
            defer { state.inbox = Inbox() }
            return state.inbox.orders
        }
        for order in orders { order.completion(.failure(failure)) }
    }
}
