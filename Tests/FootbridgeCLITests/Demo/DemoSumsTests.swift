import Glibc
import Testing

@testable import footbridge

struct DemoSumsTests {
    /// A ledger of these receipts, which prints nowhere.
    private func ledger(_ receipts: [Receiver.Receipt]) throws -> DemoLedger {
        let descriptor = open("/dev/null", O_WRONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let ledger = DemoLedger(screen: DemoScreen(output: LineOutput(descriptor: descriptor)))
        receipts.forEach(ledger.add)
        return ledger
    }

    private func receipt(_ id: String?, _ status: Int, seen: Int = 0) -> Receiver.Receipt {
        Receiver.Receipt(request: .sample(id: id), status: status, seen: seen)
    }

    @Test func `sums are over events, however many requests they took`() throws {
        var sums = DemoSums(sent: 3)
        sums.dead = 1
        sums.count(
            try ledger([
                receipt("a", 503), receipt("b", 204), receipt("a", 204, seen: 1), receipt("c", 422), receipt(nil, 204),
            ]))
        #expect([sums.delivered, sums.duplicates, sums.retries, sums.dead] == [2, 0, 1, 1])
        #expect(sums.holds)
    }

    @Test func `an event that was accepted twice is a duplicate, and the sums do not hold`() throws {
        var sums = DemoSums(sent: 1)
        sums.count(try ledger([receipt("a", 204), receipt("a", 204, seen: 1)]))
        #expect([sums.delivered, sums.duplicates] == [1, 1])
        #expect(!sums.holds)
    }

    @Test(arguments: [
        (200, 199, 1, 0, true), (200, 200, 0, 0, true), (200, 198, 1, 0, false), (200, 199, 2, 0, false),
        (200, 199, 1, 1, false), (0, 0, 0, 0, false),
    ])
    func `sent is delivered and dead, and nothing is owed`(
        sent: Int, delivered: Int, dead: Int, pending: Int, holds: Bool
    ) {
        var sums = DemoSums(sent: sent)
        (sums.delivered, sums.dead, sums.pending) = (delivered, dead, pending)
        #expect(sums.holds == holds)
    }
}
