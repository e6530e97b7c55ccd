import Foundation
import Testing

@testable import footbridge

/// How the demo's receiver answers the sample events.
struct DemoRuleTests {
    private let lines = SampleEvents.text.split(separator: "\n").map(String.init)

    private func answer(_ body: String, seen: Int, signature: SignatureVerdict = .ok) -> Receiver.Answer {
        DemoRule.answer(.sample(signature: signature, body: body), seen)
    }

    /// The body as the bridge makes it of an event, the fields as a JSON object.
    private func statuses(seen: Int) -> [Int] { lines.map { answer($0, seen: seen).status } }

    @Test func `exactly one event is refused for good: the invoice with a negative total`() {
        for seen in 0...3 {
            let refused = zip(lines, statuses(seen: seen)).filter { $1 == 422 }.map(\.0)
            #expect(refused.count == 1)
            #expect(refused.first?.contains(#""id":"evt_zhwqxdsrgymjnmk151p0""#) == true)
        }
    }

    /// Counted independently over the ids of the file.
    @Test func `some events fail once, a few twice, and none three times`() {
        func failing(_ seen: Int) -> Int { statuses(seen: seen).count { $0 >= 500 } }
        #expect([0, 1, 2].map(failing) == [23, 4, 0])
        #expect(Set(statuses(seen: 0)) == [204, 422, 503])
        #expect(Set(statuses(seen: 1)) == [204, 422, 500])
    }

    @Test func `the same events fail in every run`() {
        #expect(statuses(seen: 0) == statuses(seen: 0))
        #expect(answer(#"{"id":"evt_77vz5akc833qsarf3gv8","type":"x"}"#, seen: 0).status == 503)
    }

    @Test func `a wrong signature is refused before anything else`() {
        #expect(answer(lines[0], seen: 9, signature: .wrong("no")).status == 401)
        #expect(answer(lines[0], seen: 9, signature: .unsigned).status == 204)
    }

    @Test(arguments: [
        (#"{"type":"invoice.finalized","id":"x","data":"{\"total\":-1}"}"#, 422),
        (#"{"type":"invoice.finalized","id":"x","data":"{\"total\":-0.5}"}"#, 422),
        (#"{"type":"invoice.finalized","id":"x","data":"{\"total\":0}"}"#, 204),
        (#"{"type":"invoice.finalized","id":"x","data":"{\"total\":\"-1\"}"}"#, 204),
        (#"{"type":"invoice.finalized","id":"x","data":"not JSON"}"#, 204),
        (#"{"type":"order.created","id":"x","data":"{\"total\":-1}"}"#, 204),
    ])
    func `only an invoice with a negative total is poison`(body: String, status: Int) {
        #expect(answer(body, seen: 9).status == status)
    }

    @Test(arguments: ["", "not JSON", "[]", #"{"id":7}"#, "{}"]) func `a body that is no event is taken`(body: String) {
        #expect(answer(body, seen: 9).status == 204)
    }
}
