import Testing

@testable import footbridge

struct ReceiptTotalsTests {
    private func totals(_ receipts: [(id: String?, status: Int)]) -> String {
        var totals = ReceiptTotals()
        for (id, status) in receipts { totals.add(.init(request: .sample(id: id), status: status, seen: 0)) }
        return totals.text
    }

    @Test func `a retry after a failure is no duplicate, a second acceptance is one`() {
        #expect(
            totals([("a", 503), ("a", 200), ("b", 204), ("b", 200), ("b", 503), (nil, 200), (nil, 200)])
                == "received 7: 5 accepted, 2 failed; 2 distinct webhook-ids, 1 duplicate")
    }

    @Test func `nothing received is a total too`() {
        #expect(totals([]) == "received 0: 0 accepted, 0 failed; 0 distinct webhook-ids, 0 duplicates")
    }
}
