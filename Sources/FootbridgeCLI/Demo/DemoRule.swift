import FoundationEssentials

/// How the demo's receiver answers: it refuses an invoice with a negative total, and is out of order now and then.
enum DemoRule {
    static let answer: Receiver.Rule = { request, seen in
        if case .wrong = request.signature { return Receiver.Answer(status: 401) }
        if isNegativeInvoice(request.body) {
            return Receiver.Answer(status: 422, body: #"{"error":"an invoice cannot have a negative total"}"#)
        }
        // The same events fail in every run: what fails is drawn from the event's own id.
        let draw = EventBody(request.body)?.id.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff } ?? 0
        let failures = draw % 41 == 0 ? 2 : draw % 11 == 0 ? 1 : 0
        if seen < failures { return Receiver.Answer(status: seen == 0 ? 503 : 500, body: "try again later") }
        return Receiver.Answer(status: 204)
    }

    private static func isNegativeInvoice(_ body: [UInt8]) -> Bool {
        guard let event = EventBody(body), event.type == "invoice.finalized" else { return false }
        let invoice = try? JSONDecoder().decode(Invoice.self, from: Data(event.data.utf8))
        return invoice.map { $0.total < 0 } ?? false
    }

    private struct Invoice: Decodable { let total: Double }
}

/// The members of a sample event that the demo looks at.
struct EventBody {
    let type: String
    let id: String
    let data: String

    init?(_ body: [UInt8]) {
        guard let object = try? JSONDecoder().decode([String: String].self, from: Data(body)) else { return nil }
        type = object["type"] ?? "?"
        id = object["id"] ?? ""
        data = object["data"] ?? ""
    }
}
