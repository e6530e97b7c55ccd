import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct StatusMeanings {
    @Test func `statuses mean what the route says`() throws {
        let scene = try Scene { request in
            switch request.text {
            case body(1): .answer(409)
            case body(2): .answer(404)
            case body(3): request.earlier == 0 ? .answer(420, headers: ["Retry-After": "1"]) : .answer(200)
            case body(4): request.earlier < 2 ? .answer(400) : .answer(200)
            default: .answer(200)
            }
        }
        scene.file.route.webhook["accept"] = "{ status: [409] }"
        scene.file.route.webhook["statuses"] = "{ message_refused: [404], throttled: [420], outage: [400] }"
        scene.file.route.retry(attempts: 5, every: "50ms")
        try scene.redis.add(numbers: 0..<5)
        try scene.run()
        try scene.receiver.waitUntil { ledger in ledger.contains { $0.text == body(4) && $0.action.accepts } }
        // Something else has to be accepted before a message is given up.
        try scene.redis.add(numbers: [9])
        try scene.waitUntilSettled()
        let counts = Dictionary(grouping: scene.receiver.ledger, by: \.text).mapValues(\.count)
        #expect(
            counts.filter { $0.key != body(2) } == [body(0): 1, body(1): 1, body(3): 2, body(4): 3, body(9): 1])
        let asked = scene.receiver.ledger.filter { $0.text == body(3) }
        #expect(asked.gaps.allSatisfy { $0 >= .milliseconds(950) })
        let letters = try scene.redis.entries("{orders}:dead:orders")
        #expect(letters.map(\.first) == [Field("reason", "rejected: http_404")])
    }
}
