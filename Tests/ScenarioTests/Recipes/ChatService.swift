import Foundation
import TestSupport
import Testing

/// What chat services say of a message, as their documentation has it.
enum ChatService: String, CustomTestStringConvertible {
    case slack, discord, teams

    var testDescription: String { rawValue }

    func answer(_ body: String) -> ReceiverAction {
        let message = (try? json(body)) ?? [:]
        switch self {
        // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
        case .slack:
            let text = message["text"] as? String ?? ""
            guard !text.isEmpty || message["blocks"] is [NSDictionary] else { return .answer(400, body: "no_text") }
            return text.count <= 40_000 ? .answer(200, body: "ok") : .answer(400, body: "msg_too_long")
        // https://discord.com/developers/docs/resources/webhook#execute-webhook
        case .discord:
            let content = message["content"] as? String ?? ""
            guard !content.isEmpty || message["embeds"] is [NSDictionary] else {
                return .answer(400, body: #"{"message":"Cannot send an empty message","code":50006}"#)
            }
            guard content.unicodeScalars.count <= 2000 else {
                return .answer(400, body: #"{"content":["Must be 2000 or fewer in length."]}"#)
            }
            return .answer(204)
        // https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
        case .teams:
            let cards = message["attachments"] as? [NSDictionary] ?? []
            let isMessage = message["type"] as? String == "message" && !cards.isEmpty && cards.allSatisfy(Self.isCard)
            return isMessage && body.utf8.count <= 28 << 10 ? .answer(202) : .answer(400)
        }
    }

    /// https://adaptivecards.io/explorer/AdaptiveCard.html
    private static func isCard(_ attachment: NSDictionary) -> Bool {
        let card = attachment["content"] as? NSDictionary ?? [:]
        let elements = card["body"] as? [NSDictionary] ?? []
        return attachment["contentType"] as? String == "application/vnd.microsoft.card.adaptive"
            && card["type"] as? String == "AdaptiveCard" && card["version"] is String && !elements.isEmpty
            && elements.allSatisfy { $0["type"] as? String == "TextBlock" && $0["text"] is String }
    }
}
