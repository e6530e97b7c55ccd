import Foundation
import TestSupport
import Testing

/// The sample events are what `send --ndjson` reads: each line an object whose values are all strings.
struct SampleEventsTests {
    private let lines: [Substring]
    private let events: [[String: String]]

    init() throws {
        lines = try Repository.text("Sources/CFootbridgeSampleEvents/events.ndjson").split(separator: "\n")
        events = try lines.map { try JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
    }

    @Test func `there are 200 events with ids of their own, in the order of time`() {
        #expect(events.count == 200)
        #expect(Set(events.map { $0["id"] }).count == 200)
        #expect(events.compactMap { $0["timestamp"] } == events.compactMap { $0["timestamp"] }.sorted())
        #expect(lines.allSatisfy { (300...600).contains($0.utf8.count) })
    }

    @Test func `the data of exactly one event is wrong: an invoice with a negative total`() throws {
        struct Amounts: Decodable {
            let total: Int?
            let amount: Int?
        }
        let wrong = try events.filter { event in
            let amounts = try JSONDecoder().decode(Amounts.self, from: Data((event["data"] ?? "").utf8))
            return (amounts.total ?? 1) <= 0 || (amounts.amount ?? 1) <= 0
        }
        #expect(wrong.map { $0["type"] } == ["invoice.finalized"])
    }
}
