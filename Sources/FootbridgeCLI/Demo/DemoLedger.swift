import Synchronization

/// What the demo's receiver saw.
final class DemoLedger: Sendable {
    struct Counts {
        var attempts = 0
        var retries = 0
        var badSignatures = 0
        var accepted: [String: Int] = [:]
    }

    private let counts = Mutex(Counts())
    private let screen: DemoScreen

    init(screen: DemoScreen) { self.screen = screen }

    func add(_ receipt: Receiver.Receipt) {
        counts.withLock { counts in
            counts.attempts += 1
            if receipt.seen > 0 { counts.retries += 1 }
            if case .wrong = receipt.request.signature { counts.badSignatures += 1 }
            if receipt.isAccepted, let id = receipt.request.id { counts.accepted[id, default: 0] += 1 }
        }
        screen.receipt(receipt)
    }

    var current: Counts { counts.withLock { $0 } }
}

/// The account at the end: every event that was sent is delivered or dead-lettered.
struct DemoSums {
    var sent: Int
    var delivered = 0
    var duplicates = 0
    var retries = 0
    var dead = 0
    /// Neither: unread or unsettled.
    var pending = 0

    init(sent: Int) { self.sent = sent }

    mutating func count(_ ledger: DemoLedger) {
        let counts = ledger.current
        delivered = counts.accepted.count
        duplicates = counts.accepted.values.reduce(0) { $0 + $1 - 1 }
        retries = counts.retries
    }

    var holds: Bool { sent == delivered + dead && pending == 0 && duplicates == 0 && sent > 0 }
}
