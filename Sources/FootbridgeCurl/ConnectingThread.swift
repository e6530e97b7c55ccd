internal import CFootbridgeCurl

/// The thread of a `SocketConnector`: drives its attempts, each with a multi handle of its own, by what the kernel says of
/// their sockets. Ends when there are none.
///
/// Of the attempts that need a name looked up only a few per name do so at the same time, for libcurl starts a thread for
/// each: a name server that is silent would have hundreds of them. The others wait, within their own time.
///
/// Thread safety: made by anyone, then used by its thread alone.
final class ConnectingThread: @unchecked Sendable {
    private let connector: SocketConnector
    /// Makes the thread look into the inbox.
    let wakeUp: WakeUp
    private let poller: any Poller
    private var attempts: [Int: ConnectAttempt] = [:]
    private var lookups: [String: NameLookups] = [:]

    private struct NameLookups {
        var underWay = 0
        /// Numbers of attempts, in their order; cancelled ones among them.
        var waiting: [Int] = []
    }

    private static let lookupsPerName = 2

    init(_ connector: SocketConnector) throws(TransportFailure) {
        self.connector = connector
        do throws(SystemFailure) {
            poller = try connector.polling.makePoller()
            wakeUp = try WakeUp(connector.polling)
        } catch {
            throw .noDescriptors
        }
        guard poller.add(wakeUp.reader, token: Self.wakeToken) else { throw .noDescriptors }
    }

    private static let wakeToken = UInt64.max

    func run() {
        footbridge_name_thread("connect")
        ExitGate.enterOrSleep()
        defer { ExitGate.leave() }
        while let inbox = connector.takeInbox(isIdle: attempts.isEmpty) {
            for order in inbox.orders { take(order) }
            for number in inbox.cancelled { drop(number) }
            for attempt in attempts.values where (attempt.due ?? .never) <= .now { expire(attempt) }
            guard !attempts.isEmpty else { continue }
            wait()
        }
    }

    private func take(_ order: SocketConnector.Order) {
        let attempt = ConnectAttempt(order, poller: poller)
        attempts[order.number] = attempt
        guard let name = attempt.name else { return begin(attempt) }
        if lookups[name, default: NameLookups()].underWay < Self.lookupsPerName {
            lookups[name, default: NameLookups()].underWay += 1
            begin(attempt)
        } else {
            lookups[name, default: NameLookups()].waiting.append(order.number)
        }
    }

    private func begin(_ attempt: ConnectAttempt) {
        attempt.begin()
        review(attempt)
    }

    private func expire(_ attempt: ConnectAttempt) {
        if attempt.hasBegun {
            attempt.act()
            review(attempt)
        } else {
            let detail = "the name was not looked up in time"
            end(attempt, .failure(TransportFailure(CURLE_OPERATION_TIMEDOUT, detail: detail)))
        }
    }

    /// To be called after everything that may have brought an attempt on.
    private func review(_ attempt: ConnectAttempt) {
        if attempt.hasAddress { endLookup(attempt) }
        if let result = attempt.result() { end(attempt, result) }
    }

    private func end(_ attempt: ConnectAttempt, _ result: Result<ConnectedHandle, TransportFailure>) {
        drop(attempt.number)
        attempt.completion(result)
    }

    private func drop(_ number: Int) {
        guard let attempt = attempts.removeValue(forKey: number) else { return }
        attempt.close()
        endLookup(attempt)
    }

    /// Lets the next attempt look up the same name.
    private func endLookup(_ attempt: ConnectAttempt) {
        guard let name = attempt.name, attempt.hasBegun, !attempt.isLookupOver else { return }
        attempt.isLookupOver = true
        lookups[name]?.underWay -= 1
        while let number = lookups[name]?.waiting.first {
            lookups[name]?.waiting.removeFirst()
            guard let next = attempts[number] else { continue }
            lookups[name]?.underWay += 1
            return begin(next)
        }
        if lookups[name]?.underWay == 0 { lookups[name] = nil }
    }

    private func wait() {
        var milliseconds: Int64 = 60_000
        if let due = attempts.values.compactMap(\.due).min() {
            milliseconds = max(0, min(milliseconds, ((due - .now).wholeNanoseconds + 999_999) / 1_000_000))
        }
        let isReady = poller.wait { waited, count in
            ExitGate.whileWaiting { _ = footbridge_poll(waited, count, Int32(milliseconds)) }
        }
        guard isReady else { return }
        poller.forEachReady { token, readiness in
            if token == Self.wakeToken {
                wakeUp.clear()
            } else if let attempt = attempts[Int(token >> 32)] {
                attempt.act(on: Int32(truncatingIfNeeded: token & 0xffff_ffff), readiness)
                review(attempt)
            }
        }
    }
}

extension TransportFailure {
    fileprivate static let noDescriptors = TransportFailure(kind: .other, message: "no descriptors for connecting")
}

extension MonotonicTime {
    fileprivate static let never = MonotonicTime(nanoseconds: .max)
}
