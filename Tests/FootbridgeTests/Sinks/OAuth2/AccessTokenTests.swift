import Testing

@testable import Footbridge
@testable import FootbridgeCurl

/// Answers of token servers; the first two are those of RFC 6749 §4.4.3 and §5.2.
struct AccessTokenTests {
    private let askedAt = MonotonicTime(nanoseconds: 1_000_000_000_000)

    private func token(_ body: String, status: Int = 200) throws -> AccessToken {
        try AccessToken(status: status, body: Array(body.utf8), askedAt: askedAt)
    }

    @Test func `the RFC's example is a token for an hour, to be renewed a minute before`() throws {
        let token = try token(
            #"""
            {
              "access_token":"2YotnFZFEjr1zCsicMWpAA",
              "token_type":"example",
              "expires_in":3600,
              "example_parameter":"example_value"
            }
            """#.replacing("\"token_type\":\"example\"", with: "\"token_type\":\"bearer\""))
        #expect(String(decoding: token.authorization, as: UTF8.self) == "Bearer 2YotnFZFEjr1zCsicMWpAA")
        #expect(token.expiresAt == askedAt + .seconds(3600))
        #expect(token.renewAt == askedAt + .seconds(3540))
    }

    @Test(arguments: [
        (400, #"{"error":"invalid_request"}"#, "it answers 400 (invalid_request)"),
        (503, "<html>", "it answers 503"), (302, "", "it answers 302"), (200, "", "its answer is no JSON object"),
        (200, "[]", "its answer is no JSON object"), (200, #"{"access_token":"a"}x"#, "its answer is no JSON object"),
        (200, "{}", "its answer holds no access_token"),
        (200, #"{"access_token":""}"#, "its answer holds no access_token"),
        (200, #"{"access_token":{"a":"b"}}"#, "its answer holds no access_token"),
        (200, #"{"access_token":"a\r\nX-Evil: 1"}"#, "its access_token cannot stand in a header"),
        (200, #"{"access_token":"a","token_type":"mac"}"#, "its tokens are of the type mac, not Bearer"),
        (401, #"{"error":"\u001b[31m\n"}"#, "it answers 401 ([31m)"),
    ])
    func `what is no token says why`(status: Int, body: String, words: String) {
        #expect(throws: AccessToken.Fault(words: words)) { try token(body, status: status) }
    }

    @Test(
        arguments: [
            ("", nil, nil), (#","expires_in":"60""#, 60, 48), (#","expires_in":10.5"#, 10.5, 8.4),
            (#","expires_in":0"#, 0, 0),
            (#","expires_in":-5"#, 0, 0), (#","expires_in":1e300"#, 31_536_000, 31_535_940),
            (#","expires_in":null"#, nil, nil),
            (#","expires_in":"soon""#, nil, nil),
        ] as [(String, Double?, Double?)])
    func `a life is bounded, and renewed when four fifths are over`(member: String, life: Double?, renewal: Double?)
        throws
    {
        let token = try token("{\"access_token\":\"a\"\(member)}")
        #expect(token.expiresAt == life.map { askedAt + .seconds($0) })
        #expect(token.renewAt.map { ($0 - askedAt) / .seconds(1) } == renewal)
    }

    @Test func `what else stands in an answer does not matter`() throws {
        let body =
            #" { "n":{"access_token":"no"}, "l":["}",{"]":1}], "access_token" : "\u0061\/b", "token_type":null}"#
            + "\r\n"
        #expect(String(decoding: try token(body).authorization, as: UTF8.self) == "Bearer a/b")
    }

    @Test func `an answer that breaks off is none`() throws {
        let text = #"{"access_token":"x","l":[1,{"c":"d"}],"expires_in":5}"#
        _ = try token(text)
        for count in 0..<text.count {
            #expect(throws: AccessToken.Fault(words: "its answer is no JSON object")) {
                try token(String(text.prefix(count)))
            }
        }
        #expect(throws: AccessToken.Fault.self) { try token(String(repeating: "[", count: 100_000)) }
    }
}
