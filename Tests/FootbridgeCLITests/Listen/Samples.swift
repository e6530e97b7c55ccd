@testable import footbridge

extension Receiver.Request {
    /// A request at 2026-03-02 09:15:27.25 UTC.
    static func sample(
        id: String? = "msg_1", attempt: Int? = 1, signature: SignatureVerdict = .unsigned, body: String = "{}"
    ) -> Receiver.Request {
        var headers: [Receiver.Header] = []
        if let attempt { headers.append(.init(name: "webhook-attempt", value: "\(attempt)")) }
        if let id { headers.append(.init(name: "webhook-id", value: id)) }
        return Receiver.Request(
            time: 1_772_442_927_250, method: "POST", path: "/hooks", headers: headers,
            body: Array(body.utf8), bodyBytes: body.utf8.count, signature: signature)
    }
}
