import FootbridgeWebhooks
import Synchronization
import TestSupport
import Testing

@testable import footbridge

struct ReceiverTests {
    /// What the receiver reported.
    private final class Reports: Sendable {
        private let receipts = Mutex<[Receiver.Receipt]>([])
        @Sendable func add(_ receipt: Receiver.Receipt) { receipts.withLock { $0.append(receipt) } }
        var all: [Receiver.Receipt] { receipts.withLock { $0 } }
    }

    private func post(_ headers: String, _ body: String, path: String = "/hooks", port: UInt16) async throws -> String {
        try await onThread {
            try exchange(
                "POST \(path) HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\(headers)"
                    + "content-length: \(body.utf8.count)\r\n\r\n\(body)", port: port)
        }
    }

    @Test func `each request is answered by the rule and reported with what came`() async throws {
        let reports = Reports()
        let receiver = Receiver(
            rule: { request, seen in
                if request.body == Array("poison".utf8) { return .init(status: 422, body: "no") }
                return .init(status: seen == 0 ? 503 : 202)
            }, report: reports.add)
        let port = try await receiver.start()
        for body in ["a", "a", "poison"] {
            _ = try await post("Webhook-Id: \(body)\r\nwebhook-attempt: 7\r\n", body, path: "/x?y=%20", port: port)
        }
        let answer = try await post("webhook-id: poison\r\n", "poison", port: port)
        await receiver.stop()

        #expect(reports.all.map(\.status) == [503, 202, 422, 422])
        #expect(reports.all.map(\.seen) == [0, 1, 0, 1])
        #expect(reports.all.map(\.request.id) == ["a", "a", "poison", "poison"])
        #expect(reports.all.map(\.request.attempt) == [7, 7, 7, nil])
        #expect(reports.all.map(\.request.path) == ["/x?y=%20", "/x?y=%20", "/x?y=%20", "/hooks"])
        #expect(reports.all.map(\.request.body) == ["a", "a", "poison", "poison"].map { Array($0.utf8) })
        #expect(answer.hasPrefix("HTTP/1.1 422 ") && answer.hasSuffix("\r\n\r\nno"))
        await #expect(throws: TestSupportError.self) { try await post("", "", port: port) }
    }

    @Test func `a large body and a chunked one come whole`() async throws {
        let reports = Reports()
        let receiver = Receiver(rule: { _, _ in .init(status: 200) }, report: reports.add)
        let port = try await receiver.start()
        let body = String(repeating: "0123456789abcdef", count: 300_000)
        _ = try await post("", body, port: port)
        _ = try await onThread {
            try exchange(
                "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", port: port)
        }
        await receiver.stop()
        try #require(reports.all.map(\.request.bodyBytes) == [4_800_000, 5])
        #expect(areSame(reports.all[0].request.body, Array(body.utf8)))
        #expect(reports.all[1].request.body == Array("abcde".utf8))
    }

    @Test func `a body beyond the limit is read to its end, reported with its length, and refused`() async throws {
        let reports = Reports()
        let receiver = Receiver(rule: { _, _ in .init(status: 200) }, report: reports.add)
        let port = try await receiver.start()
        let length = Receiver.bodyLimitBytes + 1
        let answer = try await onThread {
            let head = "POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: \(length)\r\n\r\n"
            return try exchange(Array(head.utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: length), port: port)
        }
        await receiver.stop()
        #expect(answer.hasPrefix("HTTP/1.1 413 ") && answer.hasSuffix("\r\n\r\nmore than 67108864 bytes"))
        #expect(reports.all.map(\.status) == [413])
        #expect(reports.all.map(\.request.bodyBytes) == [length])
        #expect(reports.all.map(\.request.body.count) == [Receiver.bodyLimitBytes])
    }

    @Test func `one connection brings many requests; a head alone and no content have no body`() async throws {
        let reports = Reports()
        let receiver = Receiver(
            rule: { request, _ in .init(status: request.path.contains("/no") ? 401 : 204, body: "no") },
            report: reports.add)
        let port = try await receiver.start()
        let all = try await onThread {
            try exchange(
                "HEAD /no HTTP/1.1\r\n\r\nPOST /yes HTTP/1.1\r\nX-Two: a\r\nx-two: b\r\ncontent-length: 2\r\n\r\nhi"
                    + "GET http://example.test/no?x HTTP/1.1\r\nconnection: close\r\n\r\n", port: port)
        }
        await receiver.stop()
        let answers = all.split(separator: "HTTP/1.1 ").map { $0.split(separator: "\r\n") }
        #expect(answers.map { $0.first?.prefix(3) } == ["401", "204", "401"])
        #expect(answers.map { $0.contains("Content-Length: 2") } == [true, false, true])
        #expect(answers.map { $0.contains("no") } == [false, false, true])
        #expect(reports.all.map(\.request.path) == ["/no", "/yes", "http://example.test/no?x"])
        #expect(reports.all[1].request["x-two"] == "a, b")
    }

    @Test func `a sender that asks first is told to go on`() async throws {
        let receiver = Receiver(rule: { _, _ in .init(status: 202) }, report: { _ in })
        let port = try await receiver.start()
        let answers = try await onThread {
            let socket = try StreamSocket.connected(port: port)
            socket.limit(.seconds(20))
            let head = "POST / HTTP/1.1\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 2\r\n\r\n"
            try socket.sendAll(Array(head.utf8))
            let first = String(decoding: try socket.receive(), as: UTF8.self)
            try socket.sendAll(Array("hi".utf8))
            return (first, String(decoding: try socket.receive(), as: UTF8.self))
        }
        await receiver.stop()
        #expect(answers.0 == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(answers.1.hasPrefix("HTTP/1.1 202 Accepted\r\n"))
    }

    /// Secret, id, timestamp, body and signature: the vector that the Standard Webhooks libraries share
    /// (libraries/go/webhook_test.go, libraries/python/tests/test_webhooks.py).
    @Test(arguments: [
        (1_614_265_330, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", SignatureVerdict.ok),
        (1_614_265_330, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=", .wrong("webhook-signature is malformed")),
        (1_614_265_330, "v1,AAAA9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", .wrong("no signature fits the secret")),
        (
            1_614_265_631, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            .wrong("webhook-timestamp is more than 300 s in the past")
        ),
    ])
    func `the verdict on a signature is in the receipt`(
        now: Int64, signature: String, verdict: SignatureVerdict
    ) async throws {
        let reports = Reports()
        let receiver = Receiver(
            secret: try VerificationKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), now: { now },
            rule: { _, _ in .init(status: 200) }, report: reports.add)
        let port = try await receiver.start()
        let head = "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\nwebhook-timestamp: 1614265330\r\n"
        _ = try await post("\(head)webhook-signature: \(signature)\r\n", #"{"test": 2432232314}"#, port: port)
        _ = try await post(head, #"{"test": 2432232314}"#, port: port)
        await receiver.stop()
        #expect(reports.all.map(\.request.signature) == [verdict, .unsigned])
    }

    @Test(.timeLimit(.minutes(1))) func `stopping does not wait for an answer that is delayed`() async throws {
        let reports = Reports()
        let isDeciding = Gate()
        let receiver = Receiver(
            rule: { _, _ in
                isDeciding.open()
                return .init(status: 200, delay: .seconds(3600))
            }, report: reports.add)
        let port = try await receiver.start()
        async let answer = post("", "", port: port)
        _ = try await onThread { isDeciding.wait() }
        await receiver.stop()
        #expect(try await !answer.hasPrefix("HTTP/1.1 200"))
        #expect(reports.all == [])
    }

    @Test func `a port that is taken is said so`() async throws {
        let first = Receiver(rule: { _, _ in .init(status: 200) }, report: { _ in })
        let port = try await first.start()
        let place = try #require(ListenAddress(host: "localhost", port: port))
        let second = Receiver(at: place, rule: { _, _ in .init(status: 200) }, report: { _ in })
        let error = await #expect(throws: ReceiverError.self) { try await second.start() }
        #expect(
            error?.description
                == "port \(port) of 127.0.0.1 is in use; choose another with --port, or any free one with --port 0")
        await first.stop()
    }
}
