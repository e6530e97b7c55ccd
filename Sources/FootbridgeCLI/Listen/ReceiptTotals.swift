/// What a receiver can say at its end.
struct ReceiptTotals: Sendable, Equatable {
    private(set) var received = 0
    private(set) var accepted = 0
    /// Not among those received: what was no HTTP request.
    var malformed = 0
    /// Accepted requests whose `webhook-id` had been accepted before: what a receiver has to drop.
    private(set) var duplicates = 0
    private var ids: Set<String> = []
    private var acceptedIDs: Set<String> = []

    var failed: Int { received - accepted }
    var distinctIDs: Int { ids.count }

    mutating func add(_ receipt: Receiver.Receipt) {
        received += 1
        if receipt.isAccepted { accepted += 1 }
        guard let id = receipt.request.id else { return }
        ids.insert(id)
        if receipt.isAccepted, !acceptedIDs.insert(id).inserted { duplicates += 1 }
    }

    var text: String {
        "received \(received): \(accepted) accepted, \(failed) failed; "
            + "\(distinctIDs) distinct webhook-id\(distinctIDs == 1 ? "" : "s"), "
            + "\(duplicates) duplicate\(duplicates == 1 ? "" : "s")" + (malformed > 0 ? "; \(malformed) malformed" : "")
    }
}
