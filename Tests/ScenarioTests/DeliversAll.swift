import Glibc
import TestSupport
import TestThreads
import Testing

@Suite(.serialized, .ownThreads) struct DeliversAll {
    private let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    /// `printf orders | sha256sum`, of which the first 16 digits.
    private let prefixes = ["orders": "msg_1c168adb00d208e4_", "refunds": "msg_4fdc1db8ceef1064_"]

    @Test func `every entry of two streams arrives once, signed, and a stopped bridge says so`() throws {
        let scene = try Scene()
        scene.file.route.streams = ["orders", "refunds"]
        scene.file.route.webhook["sign"] = "{ secret: \(secret) }"
        scene.file.route.webhook["headers"] = "{ X-Env: scenario }"
        // Half of them are there before the bridge is.
        var expected: [String: String] = [:]
        func add(_ stream: String, _ numbers: Range<Int>) throws {
            for (id, number) in zip(try scene.redis.add(numbers: numbers, to: stream), numbers) {
                expected[prefixes[stream, default: ""] + id] = body(number)
            }
        }
        try add("orders", 0..<500)
        try add("refunds", 1000..<1500)
        let bridge = try scene.run()
        try add("orders", 500..<1000)
        try add("refunds", 1500..<2000)

        let ledger = try scene.receiver.waitFor(count: 2000, timeout: .seconds(30))
        try scene.waitUntilSettled()
        #expect(bridge.exit == nil)
        #expect(try bridge.stop() == .status(0))
        #expect(scene.receiver.ledger.count == 2000)
        #expect(ledger.duplicates == 0)
        #expect(Dictionary(ledger.map { ($0.id ?? "", $0.text) }) { first, _ in first } == expected)
        #expect(ledger.filter { expectedSignature(of: $0, secret: secret) != $0["webhook-signature"] }.isEmpty)
        let summaries = bridge.logs("summary")
        #expect(summaries.map { $0.metadata["route"] } == ["orders"])
        #expect(summaries.map { $0.metadata["delivered"] } == ["2000"])
        #expect(summaries.map { $0.metadata["backlog"] } == ["0"])
        #expect(bridge.logs().last == Log(#"{"level":"info","message":"footbridge stopped"}"#))
    }

    @Test func `a request has the headers that the reference names, and no others`() throws {
        let scene = try Scene()
        scene.file.route.webhook["sign"] = "{ secret: \(secret) }"
        scene.file.route.webhook["headers"] = "{ X-Env: scenario, X-Empty: \"\" }"
        let bridge = try scene.run()
        let before = time(nil)
        let id = try scene.redis.add([Field("n", "1")])
        let request = try #require(try scene.receiver.waitFor(count: 1).first)
        let timestamp = try #require(request["webhook-timestamp"].flatMap(Int.init))
        // time(2) reads a clock of the kernel's ticks, which may be a few milliseconds behind.
        #expect((before...time(nil) + 1).contains(timestamp))
        var headers = Dictionary(request.headers.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" }
        #expect(headers.removeValue(forKey: "user-agent")?.hasPrefix("Footbridge/") == true)
        #expect(
            headers == [
                "host": "127.0.0.1:\(scene.receiver.port)", "accept": "*/*", "content-type": "application/json",
                "content-length": "9", "x-env": "scenario", "x-empty": "", "webhook-id": prefixes["orders"]! + id,
                "webhook-timestamp": "\(timestamp)", "webhook-attempt": "1",
                "webhook-signature": expectedSignature(of: request, secret: secret) ?? "",
            ])
        #expect([request.method, request.path, request.text] == ["POST", "/hooks", body(1)])
        #expect(try bridge.stop() == .status(0))
    }
}
