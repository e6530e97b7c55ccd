import Foundation
import TestSupport
import Testing

/// Recipes that write into chats.
extension Recipe {
    private static let note = String(repeating: "é😀", count: 3000)

    private static func answer(as service: ChatService) -> @Sendable (ReceivedRequest) -> ReceiverAction {
        { $0["content-type"] == "application/json" ? service.answer($0.text) : .answer(415) }
    }

    static let slack = Recipe(
        name: "slack", routes: ["slack": ["orders"]],
        variables: ["SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T000/B000/XXXX"],
        hosts: ["https://hooks.slack.com"],
        entries: [
            Entry("orders", ["id": "A1", "customer": "<!channel> \"R&D\"\n&amp;", "total": "12.50"]),
            Entry("orders", ["id": "A2", "customer": "é", "total": "0"]),
        ],
        answer: answer(as: .slack),
        verify: { requests in
            let messages = try requests.map { try json($0.text) }
            #expect(
                messages == [
                    ["text": "New order *A1* from &lt;!channel&gt; \"R&amp;D\"\n&amp;amp;: 12.50 EUR"],
                    ["text": "New order *A2* from é: 0 EUR"],
                ])
            #expect(requests.map(\.path) == Array(repeating: "/services/T000/B000/XXXX", count: 2))
            // One message a second is as much as it takes.
            #expect(requests.gaps.allSatisfy { $0 >= .milliseconds(900) })
        })

    static let discord = Recipe(
        name: "discord", routes: ["discord": ["orders"]],
        variables: ["DISCORD_WEBHOOK_URL": "https://discord.com/api/webhooks/1/token"], hosts: ["https://discord.com"],
        entries: [
            Entry("orders", ["id": "A1", "customer": "@everyone", "note": note]),
            Entry("orders", ["id": "A2", "customer": "b"]),
        ],
        answer: answer(as: .discord),
        verify: { requests in
            let messages = try requests.map { try #require(try json($0.text)) }
            let long = "New order **A1** from @everyone: " + note
            #expect(
                messages.map { $0["content"] as? String } == [
                    String(String.UnicodeScalarView(long.unicodeScalars.prefix(2000))), "New order **A2** from b: ",
                ])
            #expect(messages.allSatisfy { $0["allowed_mentions"] as? NSDictionary == ["parse": []] })
        })

    static let teams = Recipe(
        name: "teams", routes: ["teams": ["orders"]],
        variables: [
            "TEAMS_WORKFLOW_URL":
                "https://prod-01.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=s3cret"
        ],
        hosts: ["https://prod-01.westeurope.logic.azure.com:443"],
        entries: [
            Entry("orders", ["id": "A1", "customer": "a", "note": note]),
            Entry("orders", ["id": "A2", "customer": "b"]),
        ],
        answer: answer(as: .teams),
        verify: { requests in
            let texts = try requests.map { request in
                let cards = try #require(try json(request.text)?["attachments"] as? [NSDictionary])
                let blocks = (cards.first?["content"] as? NSDictionary)?["body"] as? [NSDictionary]
                return blocks?.map { $0["text"] as? String }
            }
            let long = String(String.UnicodeScalarView(("a: " + note).unicodeScalars.prefix(2000)))
            #expect(texts == [["New order A1", long], ["New order A2", "b: "]])
            #expect(Set(requests.map(\.path)) == ["/workflows/1/triggers/manual/paths/invoke?sig=s3cret"])
        })
}
