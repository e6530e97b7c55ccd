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
        name: "dead-letters", routes: ["orders": ["orders"], "alarm": ["{orders}:dead"]],
        hosts: ["https://example.com", "https://alarms.example.com"])

    static let deadLettersToSlack = Recipe(
        name: "dead-letters-to-slack", routes: ["orders": ["orders"], "alarm": ["{orders}:dead"]],
        variables: ["SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T000/B000/XXXX"],
        hosts: ["https://example.com", "https://hooks.slack.com"])
}
