import FootbridgeHTTP
import RedisStreams
import Testing

@testable import FootbridgeAdmin

@Suite struct AdminGateTests {
    private func status(
        _ method: String = "GET", _ path: String = "/api/v1/status", token: String? = nil, isOpen: Bool = false,
        headers: [String: String] = ["host": "localhost:9464"]
    ) -> Int? {
        do throws(HTTPError) {
            try AdminGate(token: token).check(
                HTTPRequest(method: method, path: path, headers: headers), isOpen: isOpen)
            return nil
        } catch {
            return error.status
        }
    }

    @Test(arguments: [
        ("localhost", true), ("localhost:9464", true), ("127.0.0.1:9464", true), ("[::1]:9464", true), ("[::1]", true),
        ("10.1.2.3", true), ("a.localhost:1", true), ("evil.example", false), ("evil.example:9464", false), ("", false),
        ("127.0.0.1.evil.example", false), ("localhost.evil.example", false), ("[::1", false),
    ])
    func `without a token nobody comes by a name of their own`(host: String, isLocal: Bool) {
        #expect(AdminGate.isLocalName(host) == isLocal)
        #expect(status(headers: ["host": host]) == (isLocal ? nil : 421))
        // Probes have no name to be asked for.
        #expect(status(isOpen: true, headers: ["host": host]) == nil)
    }

    @Test func `with a token only that counts`() {
        let name = "bridge.internal"
        #expect(status(token: "t0ken", headers: ["host": name]) == 401)
        #expect(status(token: "t0ken", headers: ["host": name, "authorization": "Bearer t0ken"]) == nil)
        #expect(status(token: "t0ken", headers: ["host": name, "authorization": "bearer  t0ken"]) == nil)
        for wrong in ["Bearer t0ke", "Bearer t0kenn", "Bearer ", "Basic t0ken", "t0ken"] {
            #expect(status(token: "t0ken", headers: ["host": name, "authorization": wrong]) == 401)
        }
    }

    @Test(
        arguments: [
            (["content-type": "application/json"], nil), (["content-type": "application/json; charset=utf-8"], nil),
            (["content-type": "text/plain"], 415), ([:], 415),
            (["content-type": "application/json", "origin": "http://localhost:9464"], nil),
            (["content-type": "application/json", "origin": "http://localhost:1"], 403),
            (["content-type": "application/json", "origin": "null"], 403),
            (["content-type": "application/json", "sec-fetch-site": "same-origin"], nil),
            (["content-type": "application/json", "sec-fetch-site": "same-site"], 403),
            (["content-type": "application/json", "sec-fetch-site": "cross-site"], 403),
        ] as [([String: String], Int?)])
    func `what changes something comes from here`(headers: [String: String], expected: Int?) {
        let headers = headers.merging(["host": "localhost:9464"]) { $1 }
        #expect(status("POST", "/api/v1/routes/a/pause", headers: headers) == expected)
        #expect(status("DELETE", "/api/v1/routes/a/letters/1-1", headers: headers) == expected)
    }

    @Test func `who asks without end is told to wait, and probes are not`() {
        let gate = AdminGate(token: nil)
        let request = HTTPRequest(method: "GET", path: "/api/v1/status", headers: ["host": "localhost"])
        var refused: HTTPError?
        for _ in 0..<2000 where refused == nil {
            do throws(HTTPError) { try gate.check(request, isOpen: false) } catch { refused = error }
        }
        #expect(refused?.status == 429)
        #expect(refused?.answer.headers["Retry-After"] == "1")
        #expect(throws: Never.self) { try gate.check(request, isOpen: true) }
    }
}

@Suite struct FieldListTests {
    private func decode(_ text: String) throws -> FieldList {
        try AdminJSON.decode(ReplayWish.self, from: Array("{\"fields\":\(text)}".utf8)).fields
            ?? FieldList(EntryFields([:]))
    }

    @Test func `names may come twice, keep their order and their case, and may be no text`() throws {
        let list = try decode(#"[["b","1"],["order_id","2"],["b",{"base64":"/w=="}]]"#)
        #expect(list.fields.map { Array($0.name) } == [Array("b".utf8), Array("order_id".utf8), Array("b".utf8)])
        #expect(list.fields.map { Array($0.value) } == [[0x31], [0x32], [0xff]])
        #expect(AdminJSON.text(list) == #"[["b","1"],["order_id","2"],["b",{"base64":"/w=="}]]"#)
    }

    @Test func `an object is taken, and its names are left alone`() throws {
        #expect(
            try decode(#"{"order_id":"7","aB":"8"}"#).fields.map { String(decoding: $0.name, as: UTF8.self) } == [
                "aB", "order_id",
            ])
    }

    @Test(arguments: [#"[["a"]]"#, #"[["a","b","c"]]"#, #"[["a",1]]"#, #"[["a",{"base64":"?"}]]"#, #""a""#, "[[]]"])
    func `what is none is an error`(text: String) {
        #expect(throws: HTTPError.self) { try decode(text) }
    }

    @Test func `a long value is cut between characters`() {
        let fields = EntryFields(["a": "äääää"])
        #expect(AdminJSON.text(FieldList(fields, limit: 3)) == #"[["a","ä"]]"#)
        #expect(AdminJSON.text(FieldList(fields)) == #"[["a","äääää"]]"#)
    }

    @Test(arguments: [("1-1", "1-1"), ("1-1@0", "1-1"), ("1-1@2", "1-1@2"), ("5", "5-0")])
    func `a letter's name`(text: String, shown: String) {
        #expect(LetterActions.Name(text).map { "\($0)" } == shown)
    }

    @Test(arguments: ["", "x", "1-1@", "1-1@x", "1-1@-1", "1-1@1@1"])
    func `and what is none`(text: String) {
        #expect(LetterActions.Name(text) == nil)
    }
}
