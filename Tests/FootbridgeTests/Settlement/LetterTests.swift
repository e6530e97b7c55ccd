import FootbridgeWebhooks
import RedisStreams
import Testing

@testable import Footbridge

struct LetterTests {
    private func letter(_ fields: KeyValuePairs<String, String>, id: UInt64 = 9) -> Letter {
        Letter(StreamEntry(id: EntryID(milliseconds: id), fields: EntryFields(fields)), in: "dead")
    }

    private var refused: Letter {
        letter([
            "reason": "rejected: http_422", "status": "422", "attempts": "2", "route": "shop", "stream": "orders",
            "id": "5-1", "replays": "3", "response": "no", "field.a": "1", "field.": "2", "reason": "x",
        ])
    }

    @Test func `a letter says what became of its entry, and has the entry's fields in their order`() {
        let letter = refused
        #expect(letter.reason == "rejected: http_422" && letter.status == 422 && letter.attempts == 2)
        #expect(letter.route == "shop" && letter.stream == "orders" && letter.entry == EntryID("5-1"))
        #expect(letter.replays == 3 && letter.response.elementsEqual("no".utf8))
        #expect(letter.obstacle == nil)
        #expect(letter.fields.prefix(2).map { String(decoding: $0.name, as: UTF8.self) } == ["a", ""])
    }

    @Test func `what cannot be replayed says why`() {
        #expect(letter(["a": "1"]).obstacle == "it is no dead letter: it does not say which entry it is of")
        #expect(letter(["reason": "trimmed", "stream": "s", "id": "1-0"]).obstacle == "the entry's fields are gone")
        #expect(letter(["stream": "s", "id": "no id", "field.a": "1"]).entry == nil)
    }

    @Test(arguments: [
        ("rejected", true), ("http_422", true), ("rejected: http_422", true), ("reject", false), ("http", false),
        ("", false),
    ])
    func `a reason is chosen by its kind, its cause, or both`(wanted: String, isMeant: Bool) {
        var selection = LetterSelection()
        selection.reasons = [wanted]
        #expect(selection.includes(refused) == isMeant)
    }

    @Test(arguments: [
        ("422", true), ("4xx", true), ("4XX", true), ("5xx", false), ("400", false),
    ])
    func `a status is chosen by its number or its kind`(text: String, isMeant: Bool) throws {
        var selection = LetterSelection()
        selection.statuses = [try #require(LetterSelection.Status(text))]
        #expect(selection.includes(refused) == isMeant)
        #expect(!selection.includes(letter(["reason": "exhausted: timeout"])))
    }

    @Test(arguments: ["", "4", "4x", "0xx", "42", "4222", "-22", "x22", "４22"])
    func `what is no status is none`(text: String) { #expect(LetterSelection.Status(text) == nil) }

    @Test func `ids are those of letters or of entries`() {
        var selection = LetterSelection()
        for (id, isMeant) in [("9-0", true), ("5-1", true), ("5-0", false)] {
            selection.ids = [EntryID(id) ?? .zero]
            #expect(selection.includes(refused) == isMeant)
        }
        selection = LetterSelection()
        selection.routes = ["other"]
        #expect(!selection.includes(refused))
    }

    // MARK: - Entries of a replay stream

    @Test func `a replayed entry is the one it was`() throws {
        let fields = EntryFields(["stream": "orders", "id": "5-1", "letter": "9-0", "replays": "2", "a": "1", "b": "2"])
        let origin = try Origin(fields, stream: 3, id: EntryID(milliseconds: 77))
        #expect(origin.key == EntryKey(stream: 3, id: EntryID(milliseconds: 5, sequence: 1)))
        #expect(origin.replay == Origin.Replay(name: EntryID(milliseconds: 9), count: 2))
        #expect(origin.fields == EntryFields(["a": "1", "b": "2"]))
        let history = EntryFields(["stream": "orders", "id": "5-1", "letter": "", "replays": "1", "a": "1"])
        #expect(try Origin(history, stream: 0, id: EntryID(milliseconds: 77)).replay.name == EntryID(milliseconds: 77))
    }

    @Test(arguments: [
        [], ["a", "1"], ["stream", "s", "id", "5-1", "letter", "9-0", "replays", "1"],
        ["stream", "s", "id", "x", "letter", "", "replays", "1", "a", "1"],
        ["stream", "s", "id", "5-1", "letter", "", "replays", "0", "a", "1"],
        ["stream", "s", "id", "5-1", "letter", "", "replays", "99999999999999999999", "a", "1"],
        ["id", "5-1", "stream", "s", "letter", "", "replays", "1", "a", "1"],
    ])
    func `what somebody else put into a replay stream is malformed`(strings: [String]) {
        let pairs = stride(from: 0, to: strings.count, by: 2).map {
            (name: Array(strings[$0].utf8)[...], value: Array(strings[$0 + 1].utf8)[...])
        }
        #expect(throws: UnmakeableRequest.self) {
            try Origin(EntryFields(pairs), stream: 0, id: EntryID(milliseconds: 1))
        }
    }

    @Test(
        arguments: [
            "rejected", "exhausted", "trimmed", "timeout", "instance_lost", "http_422", "redis_oom", "accept.body",
            "rejected: http_422", "exhausted: instance_lost", "malformed: no field named body", "no field named body",
            "unshapeable: webhook.body", "unshapeable: filter: it has no end",
        ])
    func `a reason that a letter can have is one`(text: String) throws {
        #expect(try LetterSelection.reason(text) == text)
    }

    @Test(
        arguments: [
            ("nosuch", nil), ("rejectd", "rejected"), ("timout", "timeout"), ("http_600", nil), ("redis_", nil),
            ("rejected: timout", "timeout"), ("", nil),
        ] as [(String, String?)])
    func `a reason that none can have is told, with what is like it`(text: String, near: String?) {
        let error = #expect(throws: UnknownChoice.self) { try LetterSelection.reason(text) }
        if let near { #expect(error?.description.hasSuffix("did you mean \(near)?") == true) }
    }

    @Test(arguments: Outcome.Reason.allCases)
    func `a filter of attempts takes each reason`(reason: Outcome.Reason) throws {
        #expect(try AttemptFilter(reason.rawValue) == .reason(reason.rawValue))
    }

    @Test func `a filter of attempts is a status, a kind of them, or a reason`() throws {
        let unavailable = Outcome.outage(.status(503))
        for text in ["503", "5xx", "5XX", "http_503"] { #expect(try AttemptFilter(text).includes(unavailable)) }
        for text in ["500", "4xx", "timeout"] { #expect(try !AttemptFilter(text).includes(unavailable)) }
        for text in ["foo", "600", "0xx", "5x", ""] {
            #expect(throws: UnknownChoice.self) { try AttemptFilter(text) }
        }
    }
}
