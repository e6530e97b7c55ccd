import Testing

@testable import Curl
@testable import Footbridge

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

    @Test func `members are found among nested ones, escapes and spaces`() {
        let text =
            #" { "a" : "x\"\\\/\u00e9\ud83d\udc5f\n" , "n":{"access_token":"no","l":["}",{"]":1}]}, "b": 12.50 ,"c":true}"#
            + "\r\n"
        #expect(FlatJSON.members(Array(text.utf8)) == ["a": "x\"\\/é👟\n", "b": "12.50", "c": "true"])
    }

    /// Every prefix of an object is none; nothing crashes.
    @Test func `a text that breaks off is no object`() {
        let text = Array(#"{"a":"x\u00e9\"","b":[1,{"c":"d"}],"e":5}"#.utf8)
        for count in 0..<text.count { #expect(FlatJSON.members(Array(text.prefix(count))) == nil, "\(count)") }
        #expect(FlatJSON.members(text) == ["a": "xé\"", "e": "5"])
        for index in text.indices {
            for byte: UInt8 in [0, 0x22, 0x5c, 0x7b, 0x7d, 0xff] {
                var broken = text
                broken[index] = byte
                _ = FlatJSON.members(broken)
            }
        }
    }
}
