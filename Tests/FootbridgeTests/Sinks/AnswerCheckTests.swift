import FootbridgeWebhooks
import Testing

@testable import Footbridge
@testable import FootbridgeCurl

@Suite struct AnswerCheckTests {
    private func outcome(
        _ program: String, _ body: String, of outcome: Outcome = .delivered(status: 200), isTruncated: Bool = false
    ) throws -> Outcome {
        try self.outcome(program, bytes: Array(body.utf8), of: outcome, isTruncated: isTruncated)
    }

    private func outcome(
        _ program: String, bytes: [UInt8], of outcome: Outcome = .delivered(status: 200), isTruncated: Bool = false
    ) throws -> Outcome {
        let answer = TransferResponse(status: outcome.status ?? 0, bodyHead: bytes, isTruncated: isTruncated)
        return try check(program).outcome(outcome, of: answer).0
    }

    private func check(_ body: String?, failed: String? = nil) throws -> AnswerCheck {
        let check = try AnswerCheck(
            WebhookConfig(url: "https://example.com", acceptBody: body, acceptFailed: failed))
        return try #require(check)
    }

    @Test(
        arguments: [
            (#"{"failed":["1-0","2-0"]}"#, ["1-0", "2-0"]), (#"{"failed":[]}"#, []), ("{}", []), ("", nil),
            ("[1]", nil),
            (#"{"failed":"1-0"}"#, nil), (#"{"failed":[1]}"#, nil), (#"{"failed":["1-0","1-0"]}"#, ["1-0"]),
        ] as [(String, [String]?)])
    func `an answer names what failed, or cannot be understood`(body: String, expected: [String]?) throws {
        let answer = TransferResponse(status: 200, bodyHead: Array(body.utf8), isTruncated: false)
        let (outcome, failed) = try check(nil, failed: ".failed").outcome(.delivered(status: 200), of: answer)
        #expect(outcome == (expected == nil ? refused : accepted))
        #expect(failed == Set(expected ?? []))
    }

    private let accepted = Outcome.delivered(status: 200)
    private let refused = Outcome.messageRefused(.body(status: 200))

    @Test(
        arguments: [
            (".ok", #"{"ok":true}"#), (".ok", #"{"ok":"yes"}"#), (".errors == null", #"{"data":{}}"#),
            (". == 1", "1"), (#". == "ok""#, "ok"), (#". == "ok""#, #""ok""#), (#". == """#, ""),
            (#"startswith("<html>")"#, "<html>é"), (". != null", #"{"a":1} {"b":2}"#), (".[]", "[false,null,true]"),
        ])
    func `an answer counts that the program passes`(program: String, body: String) throws {
        #expect(try outcome(program, body) == accepted)
    }

    @Test(
        arguments: [
            (".ok", #"{"ok":false}"#), (".ok", "{}"), (".ok", "null"), ("empty", "{}"), ("error", "{}"),
            (#"error("no")"#, "{}"), (".[]", "[false,null]"),
            // Text has no members.
            (".errors == null", "<html>Log in first</html>"), (".errors == null", ""), (".ok", #"{"ok":true"#),
            // Its bounds are those of all programs.
            ("def f: f; f", "{}"), ("[range(1e9)]", "{}"),
        ])
    func `one does not that the program refuses, or fails on`(program: String, body: String) throws {
        #expect(try outcome(program, body) == refused)
    }

    @Test func `bytes that are no text become text, and deep JSON too`() throws {
        #expect(try outcome(#". == "\ufffd(\ufffd""#, bytes: [0xFF, 0x28, 0xFE]) == accepted)
        #expect(try outcome("type == \"string\"", String(repeating: "[", count: 100_000)) == accepted)
    }

    @Test func `the part that was read of a longer answer does not count`() throws {
        #expect(try outcome("true", #"{"ok":true}"#, isTruncated: true) == refused)
    }

    @Test(
        arguments: [
            .messageRefused(status: 422), .routeRefused(.status(404)), .throttled(status: 429, retryAfter: nil),
            .outage(.status(500)),
        ] as [Outcome])
    func `what the status refuses stays refused`(given: Outcome) throws {
        #expect(try outcome("true", #"{"ok":true}"#, of: given) == given)
    }

    @Test func `a program that fails on one answer judges the next`() throws {
        let check = try check(".ok")
        for (body, expected) in [("x", refused), (#"{"ok":true}"#, accepted), ("[", refused), (#"{"ok":1}"#, accepted)]
        {
            let answer = TransferResponse(status: 200, bodyHead: Array(body.utf8), isTruncated: false)
            #expect(check.outcome(.delivered(status: 200), of: answer).0 == expected)
        }
    }

    @Test func `only a route that looks at bodies keeps more than their heads`() {
        var webhook = WebhookConfig(url: "https://example.com", responseLimitBytes: 100_000)
        #expect(TransferOptions(webhook).keptBodyBytes == 4096)
        webhook.acceptBody = ".ok"
        #expect(TransferOptions(webhook).keptBodyBytes == 100_000)
    }
}
