import TestSupport
import TestThreads
import Testing

/// What cannot match anything is an error that says what would be right, and no empty answer.
@Suite(.serialized, .ownThreads) struct UnknownChoices {
    private static let commands: [([String], String, usage: String)] = [
        (["tail", "--status", "foo"], "there is no status or reason \"foo\"; write 503, 5xx, or one of", "tail"),
        (["tail", "--status", "timout"], "did you mean timeout?", "tail"),
        (["tail", "--entry", "x"], "write an id", "tail"),
        (["tail", "ordrs"], "there is no route \"ordrs\"; did you mean orders?", "tail"),
        (["dead", "list", "--status", "600"], "from 100 to 599", "dead list"),
        (["dead", "list", "--reason", "nosuch"], "there is no reason \"nosuch\"", "dead list"),
        (["dead", "drop", "--reason", "rejected: timout"], "did you mean timeout?", "dead drop"),
        (
            ["dead", "replay", "--route", "ordrs"], "did you mean orders?; letters of a route that is gone",
            "dead replay"
        ),
        (
            ["dead", "replay", "--to", "ordrs"], "--to: there is no route \"ordrs\"; did you mean orders?",
            "dead replay"
        ),
        (["dead", "list", "--since", "5m", "--until", "10m"], "--since is later than --until", "dead list"),
        (["replay", "ordrs", "--from", "0"], "did you mean orders?", "replay"),
        (["replay", "orders", "--from", "0", "--stream", "oders"], "did you mean orders?", "replay"),
        (["replay", "orders", "--from", "5m", "--to", "10m"], "--from is later than --to", "replay"),
        (["replay", "orders", "--from", "(5-1", "--to", "5-1"], "nothing lies between --from and --to", "replay"),
        (["pause", "ordrs"], "did you mean orders?", "pause"),
        (["verify", "ordrs"], "did you mean orders?", "verify"),
        (["check", "--explain", "ordrs"], "did you mean orders?", "check"),
        (["try", "orders", "--stream", "oders"], "did you mean orders?", "try"),
        (["stream", "range", "orders", "--since", "9-0", "--until", "1-0"], "swap them", "stream range"),
        (["stream", "range", "orders", "9-0", "1-0"], "the first place is later than the last", "stream range"),
        (["group", "pending", "orders", "orders", "--since", "9-0", "--until", "1-0"], "swap them", "group pending"),
    ]

    @Test func `in commands, with the usage of the one that was called`() throws {
        let scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:1\" }"
        let path = try scene.writeFile()
        for (words, says, usage) in Self.commands {
            let result = try CommandResult(.footbridge(words + ["-c", path]))
            #expect(result.exit == .status(64), "\(words): \(result)")
            #expect(result.error.contains(says), "\(words): \(result.error)")
            #expect(result.error.contains("\nUsage: footbridge \(usage)"), "\(words): \(result.error)")
            #expect(result.output == "")
        }
    }

    @Test func `in the API`() throws {
        let scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        let admin = try AdminProbe(try scene.run())
        try eventually("it runs") { try admin.state() == "reading" }
        let (attempts, letters) = ("/api/v1/attempts?", "/api/v1/routes/orders/letters?")
        for (path, says) in [
            (attempts + "status=foo", "there is no status or reason"),
            (attempts + "status=timout", "did you mean timeout?"),
            (attempts + "entry=x", "entry must be an id"), (attempts + "stauts=422", "did you mean status?"),
            (letters + "status=600", "100 to 599"), (letters + "reason=nosuch", "there is no reason"),
            (letters + "satus=4xx", "did you mean status?"), ("/api/v1/events?rout=orders", "did you mean route?"),
            ("/api/v1/routes/orders/waiting?limt=5", "did you mean limit?"),
        ] {
            let answer = try admin.get(path)
            #expect(answer.status == 400, "\(path): \(answer)")
            #expect(answer.body.contains(says), "\(path): \(answer.body)")
        }
        for path in ["/api/v1/routes/ordrs", attempts + "route=ordrs", "/api/v1/events?route=ordrs"] {
            let answer = try admin.get(path)
            #expect(answer.status == 404 && answer.body.contains("did you mean orders?"), "\(path): \(answer)")
        }
        let shape = #"fields: write {\"name\": \"value\"} or [[\"name\", \"value\"]]"#
        for (body, says) in [
            (#"{"fields": 5}"#, shape), (#"{"fields": {"a": 5}}"#, shape), (#"{"fields": [["a"]]}"#, shape),
            (#"{"fields": [["a", {"base64": "?"}]]}"#, shape), (#"{"fields": {}}"#, "an entry has at least one field"),
            (#"{"feilds": {"a": "b"}}"#, "did you mean fields?"),
            (#"{"entry": 5}"#, "another shape than docs/api.md says, at entry"),
            (#"{"entry": "1-1", "fields": {"a": "b"}}"#, "either entry or fields"), ("{", "no JSON"),
        ] {
            let answer = try admin.post("/api/v1/routes/orders/try", body)
            #expect(answer.status == 400, "\(body): \(answer)")
            #expect(answer.body.contains(says), "\(body): \(answer.body)")
        }
        // As it was, it would be replayed unchanged.
        let wish = try admin.post("/api/v1/routes/orders/letters/1-1/replay", #"{"feilds": {"a": "b"}}"#)
        #expect(wish.status == 400 && wish.body.contains("did you mean fields?"))
    }
}
