import Foundation
import TestSupport
import Testing

/// Recipes of several routes.
extension Recipe {
    static let fanOutByType = Recipe(
        name: "fan-out-by-type", routes: ["billing": ["events"], "shipping": ["events"], "others": ["events"]],
        hosts: ["https://billing.example.com", "https://shipping.example.com", "https://archive.example.com"],
        entries: ["invoice.paid", "invoices", "order.paid", "order.cancelled", "order.created", "user.created"].map {
            Entry("events", ["type": $0])
        } + [Entry("events", ["n": "no type"])],
        verify: { requests in
            let bodies = Dictionary(grouping: requests, by: \.path).mapValues { $0.map(\.text).sorted() }
            #expect(
                bodies == [
                    "/hooks/invoices": [#"{"type":"invoice.paid"}"#],
                    "/hooks/orders": [#"{"type":"order.cancelled"}"#, #"{"type":"order.paid"}"#],
                    "/hooks/events": [
                        #"{"n":"no type"}"#, #"{"type":"invoices"}"#, #"{"type":"order.created"}"#,
                        #"{"type":"user.created"}"#,
                    ],
                ])
        })

    static let batches = Recipe(
        name: "batches", routes: ["rows": ["orders"]], variables: ["WAREHOUSE_AUTHORIZATION": "Bearer hunter2"],
        hosts: ["https://warehouse.example.com"],
        entries: (0..<1200).map { Entry("orders", ["order": "\($0)", "total": "\($0).50"]) },
        verify: { requests in
            #expect(requests.allSatisfy { $0.path == "/v1/tables/orders/rows" })
            #expect(requests.allSatisfy { $0["authorization"] == "Bearer hunter2" })
            #expect(requests.allSatisfy { $0["content-type"] == "application/x-ndjson" })
            #expect((3...8).contains(requests.count), "\(requests.count)")
            let rows = try requests.flatMap { try $0.text.split(separator: "\n").map { try row($0) } }
            #expect(rows.map(\.total).sorted() == (0..<1200).map { Double($0) + 0.5 })
            #expect(Set(rows.map(\.id)).count == 1200)
        })

    private struct Row: Decodable {
        let id: String
        let at: String
        let order: String
        let total: Double
    }

    private static func row(_ line: Substring) throws -> Row {
        let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
        #expect(row.total == (Double(row.order) ?? -1) + 0.5 && row.at.hasSuffix("Z"))
        return row
    }

    /// The seventh of each customer fails at first.
    static let orderedPerCustomer = Recipe(
        name: "ordered-per-customer", routes: ["events": ["events:0", "events:1"]],
        variables: ["WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], hosts: ["https://crm.example.com"],
        entries: (0..<60).map { number in
            Entry("events:\(number % 2)", ["customer": "\(number % 6)", "n": "\(number)"])
        },
        answer: { $0.earlier == 0 && $0.text.contains("\"n\":\"37\"") ? .answer(503) : .answer(200) },
        verify: { requests in
            let events = try requests.filter(\.action.accepts).map {
                try JSONDecoder().decode([String: String].self, from: Data($0.text.utf8))
            }
            #expect(events.count == 60 && requests.count == 61)
            for customer in 0..<6 {
                let numbers = events.filter { $0["customer"] == "\(customer)" }.compactMap {
                    $0["n"].flatMap { Int($0) }
                }
                #expect(numbers == (0..<10).map { 6 * $0 + customer })
            }
        })

    static let urlPerCustomer = Recipe(
        name: "url-per-customer", routes: ["events": ["events"]],
        variables: ["WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])

    static let chain = Recipe(
        name: "chain", routes: ["collect": ["orders", "refunds"], "deliver": ["invoices"]],
        hosts: ["https://example.com"],
        entries: [
            Entry("orders", ["id": "1", "total": "9.50", "customer": "a", "note": "x"]),
            Entry("refunds", ["id": "2", "total": "1", "customer": "b"]),
        ],
        verify: { requests in
            #expect(
                requests.map(\.text).sorted() == [
                    #"{"number":"1","amount":"9.50","customer":"a"}"#, #"{"number":"2","amount":"1","customer":"b"}"#,
                ])
            #expect(requests.allSatisfy { $0.path == "/hooks/invoices" })
        })

    static let fanOut = Recipe(
        name: "fan-out", routes: ["ship": ["orders"], "live": ["orders"], "archive": ["orders"]],
        hosts: ["https://shipping.example.com"])

    static let deadLetters = Recipe(
        name: "dead-letters", routes: ["orders": ["orders"], "alarm": ["{orders}:dead:orders"]],
        hosts: ["https://example.com", "https://alarms.example.com"])

    static let deadLettersToSlack = Recipe(
        name: "dead-letters-to-slack", routes: ["orders": ["orders"], "alarm": ["{orders}:dead:orders"]],
        variables: ["SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T000/B000/XXXX"],
        hosts: ["https://example.com", "https://hooks.slack.com"])
}
