import Foundation
import TestSupport
import TestThreads
import Testing

/// OAuth 2.0 client credentials: receivers that take only what bears the latest token.
@Suite(.serialized, .ownThreads) struct TokenServers {
    private struct Server: Sendable {
        var answer: Int? = nil
        var lifetime = 3600
        var issued = 0
        /// Tokens up to this one are refused.
        var revoked = 0
    }

    private let state = Monitor(Server())

    /// One receiver in both parts, told apart by the path.
    private func scene() throws -> Scene {
        let scene = try Scene { [state] request in
            state.withLock { state in
                guard request.path == "/token" else {
                    let number = request["authorization"].flatMap { Int($0.dropFirst("Bearer token-".count)) } ?? 0
                    return .answer(number > state.revoked && number <= state.issued ? 200 : 401)
                }
                if let status = state.answer { return .answer(status, body: "{\"error\":\"invalid_client\"}") }
                state.issued += 1
                let token = "{\"access_token\":\"token-\(state.issued)\",\"token_type\":\"Bearer\","
                return .answer(200, body: "\(token)\"expires_in\":\(state.lifetime)}")
            }
        }
        scene.file.route.webhook["auth"] =
            "{ oauth2: { token_url: \"http://127.0.0.1:\(scene.receiver.port)/token\", client_id: shop, "
            + "client_secret: \"a:b c\", scope: \"hooks:write more\", audience: x } }"
        // Whatever costs an attempt shows in the dead letters.
        scene.file.route.retry(attempts: 1, every: "50ms", giveUp: "when_others_pass")
        return scene
    }

    private func deliveries(_ scene: Scene) -> [ReceivedRequest] {
        scene.receiver.ledger.filter { $0.path != "/token" }
    }

    private func tokenRequests(_ scene: Scene) -> [ReceivedRequest] {
        scene.receiver.ledger.filter { $0.path == "/token" }
    }

    @Test func `one token serves them all, fetched once by the first who need it`() throws {
        let scene = try scene()
        try scene.redis.add(numbers: 0..<300)
        let bridge = try scene.run()
        try scene.receiver.waitFor(count: 301)
        try scene.waitUntilSettled()
        #expect(Set(deliveries(scene).acceptedBodies) == Set((0..<300).map(body)))
        #expect(Set(deliveries(scene).attempts) == ["1"])
        let asked = tokenRequests(scene)
        #expect(asked.count == 1)
        // RFC 6749 §2.3.1 and §4.4.2.
        let identity = Data("shop:a%3Ab%20c".utf8).base64EncodedString()
        #expect(asked.first?["authorization"] == "Basic \(identity)")
        #expect(asked.first?["content-type"] == "application/x-www-form-urlencoded")
        #expect(asked.first?.text == "grant_type=client_credentials&scope=hooks%3Awrite%20more&audience=x")
        #expect(!bridge.errorOutput.contains("token-1"))
    }

    @Test func `a token that the receiver refuses is replaced once, and its entries are sent again at no cost`() throws
    {
        let scene = try scene()
        try scene.redis.add(numbers: 0..<50)
        try scene.run()
        try scene.receiver.waitUntil { $0.acceptedIDs.count == 50 }
        state.withLock { $0.revoked = $0.issued }
        try scene.redis.add(numbers: 50..<100)
        try scene.receiver.waitUntil { $0.acceptedIDs.count == 100 }
        try scene.waitUntilSettled()
        #expect(tokenRequests(scene).count == 2)
        #expect(Set(deliveries(scene).attempts) == ["1"])
        #expect(deliveries(scene).duplicates == 0)
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    /// Each is made anew with the new token: the first batch waits for one, later ones are refused with the old one.
    @Test func `batches wait for a token, and are sent again with another`() throws {
        let scene = try scene()
        scene.file.route.webhook["batch"] = "{ max_entries: 10, max_wait: 50ms }"
        scene.file.route.webhook["body"] = "{ jq: '[(.fields.n | tonumber), .attempt]' }"
        try scene.redis.add(numbers: 0..<50)
        try scene.run()
        try scene.waitUntilSettled()
        state.withLock { $0.revoked = $0.issued }
        try scene.redis.add(numbers: 50..<100)
        try scene.waitUntilSettled()
        let bodies = deliveries(scene).acceptedBodies
        let entries = bodies.flatMap { (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [[Int]] ?? [] }
        #expect(entries.sorted { $0[0] < $1[0] } == (0..<100).map { [$0, 1] })
        #expect(bodies.count == 10)
        #expect(deliveries(scene).count { !$0.action.accepts } <= 5)
        #expect(tokenRequests(scene).count == 2)
    }

    @Test func `a token is renewed before it expires, and nobody waits for that`() throws {
        state.withLock { $0.lifetime = 1 }
        let scene = try scene()
        try scene.run()
        // Each of these finds the token a little older.
        for number in 0..<20 {
            try scene.redis.add(numbers: [number])
            try scene.receiver.waitUntil { $0.acceptedIDs.count == number + 1 }
            letPass(.milliseconds(150))
        }
        try scene.waitUntilSettled()
        #expect((3...8).contains(tokenRequests(scene).count), "\(tokenRequests(scene).count)")
        #expect(!deliveries(scene).contains { !$0.action.accepts })
    }

    @Test(arguments: [401, 503]) func `while the token server gives none nothing is sent, lost or charged`(status: Int)
        throws
    {
        state.withLock { $0.answer = status }
        let scene = try scene()
        try scene.redis.add(numbers: 0..<40)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint is down")
        try scene.receiver.waitUntil { $0.count >= 2 }
        #expect(deliveries(scene).count == 0)
        #expect(
            bridge.logs().first { $0.message.hasPrefix("the endpoint is down") }?.metadata["reason"]
                == "no token: 127.0.0.1: it answers \(status) (invalid_client)")
        #expect(try scene.redis.unsettled() == 40)
        state.withLock { $0.answer = nil }
        try scene.receiver.waitUntil(timeout: .seconds(20)) { $0.acceptedIDs.count == 40 }
        try scene.waitUntilSettled()
        #expect(Set(deliveries(scene).acceptedBodies) == Set((0..<40).map(body)))
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `a receiver that refuses every token is refused as ever`() throws {
        state.withLock { $0.revoked = .max }
        let scene = try scene()
        try scene.redis.add(numbers: 0..<10)
        let bridge = try scene.run()
        try bridge.waitForLog("the endpoint refuses everything")
        let delivered = deliveries(scene)
        // Each was sent twice: with the token that there was, and with a new one.
        #expect(delivered.count <= 2 * Set(delivered.map(\.id)).count + 2)
        #expect(try scene.redis.unsettled() == 10)
        state.withLock { $0.revoked = 0 }
        try scene.receiver.waitUntil(timeout: .seconds(20)) {
            $0.filter { $0.path != "/token" }.acceptedIDs.count == 10
        }
        try scene.waitUntilSettled()
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }

    @Test func `a stop while a token is waited for loses nothing`() throws {
        let scene = try scene()
        scene.file.route.keys["drain_timeout"] = "200ms"
        let silent = try StreamServer { $0.waitForEnd() }
        let auth = scene.file.route.webhook["auth"]
        scene.file.route.webhook["auth"] =
            "{ oauth2: { token_url: \"http://127.0.0.1:\(silent.port)/\", client_id: a, client_secret: b } }"
        try scene.redis.add(numbers: 0..<20)
        let bridge = try scene.run()
        try eventually("it asks for a token") { silent.connections > 0 }
        #expect(try bridge.stop() == .status(0))
        scene.file.route.webhook["auth"] = auth
        try scene.run()
        try scene.receiver.waitUntil { $0.filter { $0.path != "/token" }.acceptedIDs.count == 20 }
        try scene.waitUntilSettled()
        #expect(try scene.redis.command("EXISTS", "{orders}:dead:orders") == 0)
    }
}
