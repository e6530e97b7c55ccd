import Synchronization

/// All requests that the receivers read, in the order in which they did.
final class ReceiptBook: Sendable {
    private struct State: Sendable {
        var receipts: [Receipt] = []
        var requests: [UInt16]
        var accepted = 0
        var connections: Int32 = 0
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(requests: Array(repeating: 0, count: count))) }

    var receipts: [Receipt] { state.withLock { $0.receipts } }
    /// Requests that were accepted.
    var accepted: Int { state.withLock { $0.accepted } }

    /// A number for a connection.
    func openConnection() -> Int32 {
        state.withLock { state in
            state.connections += 1
            return state.connections
        }
    }

    /// How many requests there were for the entry before this one.
    func count(_ entry: Int) -> Int {
        state.withLock { state in
            guard state.requests.indices.contains(entry) else { return 0 }
            defer { if state.requests[entry] < .max { state.requests[entry] += 1 } }
            return Int(state.requests[entry])
        }
    }

    /// Returns the receipt's place, for `answered`.
    func add(_ receipt: Receipt) -> Int {
        state.withLock { state in
            state.receipts.append(receipt)
            return state.receipts.count - 1
        }
    }

    func answered(_ place: Int, at answered: Moment, sent: Moment) {
        state.withLock { state in
            state.receipts[place].answered = answered
            state.receipts[place].sent = sent
            if state.receipts[place].isAccepted { state.accepted += 1 }
        }
    }
}
