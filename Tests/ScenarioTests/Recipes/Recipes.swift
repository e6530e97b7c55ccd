import Foundation
import TestSupport
import TestThreads
import Testing

/// The recipes of `docs/recipes` with the real bridge, and receivers that are as strict as the services that they name.
@Suite(.serialized, .ownThreads) struct Recipes {
    private static let direct: [Recipe] = [
        .github, .stripe, .svix, .knative, .slack, .discord, .teams, .aws, .oauth2, .fanOutByType, .chain, .batches,
        .orderedPerCustomer,
    ]

    @Test(arguments: direct) func `the service takes what the recipe sends`(recipe: Recipe) throws {
        let scene = try Scene(script: recipe.answer)
        let bridge = try recipe.run(in: scene)
        for entry in recipe.entries { try scene.redis.add(entry.fields, to: entry.stream) }
        try recipe.waitUntilSettled(in: scene)
        try recipe.verify(scene.receiver.ledger)
        #expect(try scene.deadLetterStreams() == [])
        #expect(try bridge.stop() == .status(0))
        for secret in recipe.variables.values { #expect(!bridge.errorOutput.contains(secret)) }
    }

    @Test func `a client certificate is shown to a receiver that wants one`() throws {
        let (scene, recipe) = (try Scene(), Recipe.clientCertificate)
        let certificates = try TLSCertificates(in: scene.directory)
        try FileManager.default.createDirectory(
            atPath: scene.directory.file("tls"), withIntermediateDirectories: false)
        try FileManager.default.copyItem(
            atPath: certificates.clientCertificate, toPath: scene.directory.file("tls/client.pem"))
        try FileManager.default.copyItem(atPath: certificates.clientKey, toPath: scene.directory.file("tls/client.key"))
        let server = try Nginx(
            listen: "ssl",
            server: """
                ssl_certificate \(certificates.serverCertificate); ssl_certificate_key \(certificates.serverKey);
                ssl_client_certificate \(certificates.authority); ssl_verify_client on;
                """)
        let bridge = try recipe.run(in: scene, base: "https://localhost:\(server.port)", allowing: "localhost") {
            $0.replacing("tls: { cert", with: "tls: { ca: ca.crt, cert")
        }
        try scene.redis.add([Field("id", "1")])
        try recipe.waitUntilSettled(in: scene)
        #expect(server.requests.map { [$0.status, $0.client, $0.path] } == [["200", "CN=client", "/hooks/orders"]])
        #expect(try recipe.check(in: scene.directory).exit == .status(0))
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `each customer gets what is theirs, whatever others answer`() throws {
        let (scene, recipe) = (try Scene(), Recipe.urlPerCustomer)
        let sick = try ScriptedReceiver { _ in .answer(503) }
        let bridge = try recipe.run(in: scene)
        for number in 0..<60 {
            let url = number.isMultiple(of: 3) ? sick.url : scene.receiver.url
            try scene.redis.add(
                [Field("url", url), Field("customer", "c\(number % 3)"), Field("data", "{\"n\":\(number)}")],
                to: "events")
        }
        let requests = try scene.receiver.waitFor(count: 40)
        _ = try WebhookPeer.standardwebhooks.judge(Array(requests), secret: recipe.variables["WEBHOOK_SECRET"] ?? "")
        #expect(Set(requests.map(\.text)) == Set((0..<60).filter { $0 % 3 > 0 }.map { "{\"n\":\($0)}" }))
        try eventually("the others wait") { try scene.redis.unsettled("events", "events") == 20 }
        #expect(try scene.deadLetterStreams() == [])
        #expect(try recipe.check(in: scene.directory).exit == .status(0))
        #expect(try bridge.stop() == .status(0))
    }

    @Test func `fan-out reaches a webhook, a channel and another server`() throws {
        let (scene, archive) = (try Scene(), try RedisServer())
        var recipe = Recipe.fanOut
        recipe.variables["ARCHIVE_URL"] = archive.url
        let listener = try scene.server.probe()
        try listener.command("SUBSCRIBE", "orders.live")
        let bridge = try recipe.run(in: scene)
        try scene.redis.add([Field("id", "1")])
        #expect(try listener.receive().elements.map(\.text) == ["message", "orders.live", #"{"id":"1"}"#])
        try recipe.waitUntilSettled(in: scene)
        #expect(scene.receiver.ledger.map { [$0.path, $0.text] } == [["/hooks/orders", #"{"id":"1"}"#]])
        #expect(try archive.probe().entries("orders:archive") == [[Field("id", "1")]])
        #expect(try scene.deadLetterStreams() == [])
        #expect(try bridge.stop() == .status(0))
    }

    @Test(arguments: [Recipe.deadLetters, .deadLettersToSlack])
    func `a dead letter is told, with its reason`(recipe: Recipe) throws {
        let scene = try Scene { request in
            switch request.path {
            case "/hooks/orders": request.text.contains("bad") ? .answer(422, body: "<no total>") : .answer(200)
            case "/hooks/dead-letters": .answer(204)
            default: ChatService.slack.answer(request.text)
            }
        }
        let bridge = try recipe.run(in: scene)
        let id = try scene.redis.add([Field("id", "bad")])
        try scene.receiver.waitFor(count: 2)
        // Something else has to be accepted before a message is given up.
        try scene.redis.add([Field("id", "good")])
        let ledger = try scene.receiver.waitUntil { $0.contains { $0.path != "/hooks/orders" } }
        try recipe.waitUntilSettled(in: scene)
        let told = try #require(try json(ledger.last { $0.path != "/hooks/orders" }?.text ?? ""))
        if recipe.name == "dead-letters" {
            #expect(told["reason"] as? String == "rejected: http_422")
            #expect(told["field.id"] as? String == "bad")
        } else {
            let text = "Entry `\(id)` of orders was given up at attempt 2: rejected: http_422\n&lt;no total&gt;"
            #expect(told == ["text": text])
        }
        #expect(try scene.deadLetterStreams() == ["{orders}:dead:orders"])
        #expect(try bridge.stop() == .status(0))
    }

    @Test(arguments: direct + [.fanOut, .deadLetters, .deadLettersToSlack])
    func `check takes the recipe as it is written`(recipe: Recipe) throws {
        let directory = try TemporaryDirectory()
        let result = try recipe.check(in: directory)
        #expect(result.exit == .status(0), "\(result.error)")
        #expect(result.output.hasSuffix(" \(recipe.routes.count) route\(recipe.routes.count == 1 ? "" : "s")\n"))
    }

    @Test(
        arguments: [
            (.slack, "{}"), (.slack, #"{"text":""}"#), (.slack, "text"), (.discord, #"{"content":""}"#),
            (.discord, "{\"content\":\"\(String(repeating: "é", count: 2001))\"}"), (.teams, #"{"text":"a"}"#),
            (.teams, #"{"type":"message","attachments":[]}"#),
            (.teams, #"{"type":"message","attachments":[{"contentType":"text/plain","content":{}}]}"#),
        ] as [(ChatService, String)])
    func `the services refuse what is no message`(service: ChatService, body: String) {
        #expect(!service.answer(body).accepts)
    }
}
