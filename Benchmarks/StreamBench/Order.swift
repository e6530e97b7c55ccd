import RedisStreams

/// The event of `harness/order.py`.
enum Order {
    static func fields(_ number: Int) -> EntryFields {
        [
            "type": "order.paid",
            "order": "ord_\(padded(number))",
            "sent_at": "0000000000000000",
            "created_at": "2025-11-03T14:07:31.482Z",
            "customer": "cus_8F2K7QXJ4M",
            "email": "mara.lindqvist@example.com",
            "currency": "EUR",
            "total": "129.90",
            "items": "3",
            "shipping": "Limmatquai 92, 8001 Zurich",
            "coupon": "AUTUMN-10",
            "note": "Please leave the parcel with the neighbour.",
        ]
    }

    /// The same as JSON in one field.
    static func data(_ number: Int) -> EntryFields { ["type": "order.paid", "data": head + padded(number) + tail] }

    private static let head = #"{"type":"order.paid","order":"ord_"#
    private static let tail =
        #"","sent_at":"0000000000000000","created_at":"2025-11-03T14:07:31.482Z","customer":"cus_8F2K7QXJ4M","#
        + #""email":"mara.lindqvist@example.com","currency":"EUR","total":"129.90","items":"3","#
        + #""shipping":"Limmatquai 92, 8001 Zurich","coupon":"AUTUMN-10","#
        + #""note":"Please leave the parcel with the neighbour."}"#

    /// The last digit of the order's number: every contender looks into every entry that it has read.
    static func check(_ fields: EntryFields) -> Int {
        if let order = fields["order"] { return order.last.map { Int($0) - 48 } ?? 0 }
        return fields["data"].map { Int($0[$0.startIndex + head.utf8.count + 9]) - 48 } ?? 0
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }
}
