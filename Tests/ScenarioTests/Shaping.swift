import Foundation
import TestSupport
import TestThreads
import Testing

/// Entries that are filtered and shaped by jq, through the real program.
@Suite(.serialized, .ownThreads) struct Shaping {
    private func reasons(_ scene: Scene) throws -> [String] {
        try scene.redis.entries("{orders}:dead:orders").map { $0.first { $0.name == "reason" }?.text ?? "" }
    }

    @Test func `what the filter does not pass is settled unsent, and counted`() throws {
        let scene = try Scene()
        scene.file.admin = "{ listen: \"127.0.0.1:0\" }"
        scene.file.route.keys["filter"] = "'(.fields.n | tonumber) % 10 == 0'"
        try scene.redis.add(numbers: 0..<500)
        let bridge = try scene.run()
        try scene.waitUntilSettled(timeout: .seconds(30))
        let admin = try AdminProbe(bridge)
        let expected = stride(from: 0, to: 500, by: 10).map { #"{"n":"\#($0)"}"# }
        #expect(scene.receiver.ledger.acceptedBodies.sorted() == expected.sorted())
        try eventually("all is counted") { try admin.metric("entries_filtered_total") == 450 }
        #expect(try admin.metric("entries_delivered_total") == 50)
        #expect(try admin.metric("entries_dead_lettered_total") == 0)
        #expect(try scene.redis.entries("{orders}:dead:orders") == [])
        #expect(try bridge.stop() == .status(0))
        #expect(bridge.logs("summary").map { $0.metadata["filtered"] } == ["450"])
    }

    @Test func `body, URL and headers are made from the entry`() throws {
        let scene = try Scene()
        scene.file.route.url = "\(scene.receiver.url)/c/\\(.data.customer)?kind=\\(.fields.type)"
        scene.file.route.keys["data_field"] = "payload"
        scene.file.route.webhook["headers"] =
            #"{ X-Kind: 'k-\(.fields.type | ascii_upcase)', X-None: '\(.fields.none // "")' }"#
        scene.file.route.webhook["body"] = "{ jq: '{ total: (.data.items | map(.n * .price) | add), id }' }"
        let id = try scene.redis.add([
            Field("type", "paid & done"),
            Field("payload", #"{"customer":"a/../b?x=1#é","items":[{"n":2,"price":1.5},{"n":1,"price":4}]}"#),
        ])
        try scene.run()
        let request = try #require(try scene.receiver.waitFor(count: 1).first)
        try scene.waitUntilSettled()
        #expect(request.text == #"{"total":7,"id":"\#(id)"}"#)
        #expect(request.path.hasSuffix("/c/a%2F..%2Fb%3Fx%3D1%23%C3%A9?kind=paid%20%26%20done"))
        #expect(request["X-Kind"] == "k-PAID & DONE")
        #expect(request["X-None"] == nil)
        #expect(request["Content-Type"] == "application/json")
    }

    @Test(arguments: [
        ("typed", #"{"n":3,"s":"3","t":"x","a":[1]}"#, "application/json"),
        ("form", "n=3&s=%223%22&t=x&a=%5B1%5D", "application/x-www-form-urlencoded"),
    ]) func `the formats without jq`(format: String, body: String, type: String) throws {
        let scene = try Scene()
        scene.file.route.webhook["body"] = format
        try scene.redis.add([Field("n", "3"), Field("s", #""3""#), Field("t", "x"), Field("a", "[1]")])
        try scene.run()
        let request = try #require(try scene.receiver.waitFor(count: 1).first)
        #expect(request.text == body)
        #expect(request["Content-Type"] == type)
    }

    @Test func `the envelope is the same at every attempt`() throws {
        let scene = try Scene { $0.earlier == 0 ? .answer(503) : .answer(200) }
        scene.file.route.webhook["body"] = "envelope"
        let id = try scene.redis.add([Field("n", "3")])
        try scene.run()
        let ledger = try scene.receiver.waitFor(count: 2)
        let milliseconds = id.prefix { $0 != "-" }
        let time = "\(milliseconds.dropLast(3)).\(milliseconds.suffix(3))"
        let body = #"{"id":"\#(id)","stream":"orders","timestamp":\#(time),"fields":{"n":"3"}}"#
        #expect(ledger.map(\.text) == [body, body])
    }

    /// A program that never ends, one that builds a gigabyte, one that errs, JSON that is none, a header of two lines: each entry
    /// goes to the dead letters with its own reason, and the others are delivered meanwhile.
    @Test func `an entry that its program cannot shape is a dead letter, and the others pass`() throws {
        let scene = try Scene()
        scene.file.route.keys["data_field"] = "data"
        scene.file.route.webhook["headers"] = #"{ X-T: '\(.fields.h // "h")' }"#
        scene.file.route.webhook["body"] =
            #"{ jq: 'if .fields.do == "loop" then last(range(1e15)) elif .fields.do == "big" then "x" * 1000000000"#
            + #" elif .fields.do == "err" then error("no") elif .fields.do == "none" then empty"#
            + #" elif .fields.do == "assert" then (1e19 | todate) else .fields.n end' }"#
        let bridge = try scene.run()
        for (number, what) in ["loop", "big", "err", "none", "assert"].enumerated() {
            try scene.redis.add([Field("do", what)])
            try scene.redis.add([Field("n", "\(number)")])
        }
        try scene.redis.add([Field("data", "{no")])
        try scene.redis.add([Field("h", "a\r\nX-Evil: 1")])
        try scene.redis.add([Field("n", "last")])
        try scene.waitUntilSettled(timeout: .seconds(30))
        #expect(
            scene.receiver.ledger.acceptedBodies.sorted() == [#""0""#, #""1""#, #""2""#, #""3""#, #""4""#, #""last""#])
        let reasons = try reasons(scene).sorted()
        try #require(reasons.count == 7)
        #expect(reasons[0].hasPrefix("unshapeable: data_field: is no JSON: "))
        #expect(reasons[1] == "unshapeable: webhook.body.jq: gives no result")
        #expect(reasons[2].hasPrefix("unshapeable: webhook.body.jq: libjq gave up: "))
        #expect(reasons[3] == "unshapeable: webhook.body.jq: no")
        #expect(reasons[4].hasPrefix("unshapeable: webhook.body.jq: took "))
        #expect(reasons[5].hasPrefix("unshapeable: webhook.body.jq: took "))
        #expect(reasons[6] == "unshapeable: webhook.headers.X-T: the value holds a control character or a line break")
        // The log names the program, and nothing of the entry.
        #expect(bridge.errorOutput.contains("unshapeable: webhook.body.jq"))
        #expect(!bridge.errorOutput.contains("X-Evil"))
        #expect(try bridge.stop() == .status(0))
    }

    // MARK: - check and try

    @Test func `check compiles, and says where the program is wrong`() throws {
        let scene = try Scene()
        scene.file.route.keys["filter"] = "'.fields.type == nope'"
        let path = try scene.writeFile()
        let result = try footbridge("check", "-c", path)
        #expect(result.exit == .status(78))
        #expect(result.error.hasSuffix(": routes.orders.filter: jq: nope/0 is not defined\n"))
        #expect(result.error.contains(":30: "))
    }

    @Test func `try shows the request and touches nothing; with --send it goes out`() throws {
        let scene = try Scene { _ in .answer(202) }
        scene.file.route.url = "\(scene.receiver.url)/\\(.fields.n)?key=s3cret&n=\\(.fields.n)"
        scene.file.route.webhook["headers"] = "{ Authorization: 'Bearer s3cret' }"
        scene.file.route.keys["filter"] = "'.fields.n != \"2\"'"
        let path = try scene.writeFile()
        let ids = try scene.redis.add(numbers: [1, 2, 3])
        let shown = try footbridge("try", "orders", "-c", path)
        #expect(shown.exit == .status(0))
        #expect(
            shown.output.hasPrefix(
                "entry   \(ids[2]) of orders\nfilter  passes it\nPOST \(scene.receiver.url)/3?key=***&n=3\n"))
        #expect(shown.output.contains("\nAuthorization: ***\n"))
        #expect(shown.output.hasSuffix("\n\n{\"n\":\"3\"}\n"))
        #expect(!shown.output.contains("s3cret"))
        #expect(
            try footbridge("try", "orders", "-c", path, "--entry", ids[1]).output.contains("filter  does not pass it"))
        #expect(try footbridge("try", "orders", "-c", path, "--entry", "5-5").exit == .status(65))
        #expect(scene.receiver.ledger.map(\.path) == [])

        let sent = try footbridge("try", "orders", "-c", path, "--entry", ids[0], "--send")
        #expect(sent.exit == .status(0))
        #expect(sent.output.contains("\nanswer  delivered (202) after "))
        #expect(scene.receiver.ledger.map { $0.path.hasSuffix("/1?key=s3cret&n=1") } == [true])
        // No group was made, and nothing is pending.
        #expect(try scene.redis.command("XINFO", "GROUPS", "orders").elements.isEmpty)
    }

    @Test func `try takes an entry from a file, without Redis`() throws {
        let directory = try TemporaryDirectory()
        let event = try directory.write(#"{"type":"a","n":3}"#, to: "event.json")
        func file(_ body: String) throws -> String {
            try directory.write(
                """
                redis: { url: "redis://127.0.0.1:1" }
                allow: [127.0.0.1]
                routes:
                  orders: { stream: orders, webhook: { url: "http://127.0.0.1:1/", body: \(body) } }

                """, to: "bridge.yaml")
        }
        let shown = try footbridge("try", "orders", "-c", file("typed"), "--file", event)
        #expect(shown.exit == .status(0))
        #expect(shown.output.hasSuffix("\n\n{\"type\":\"a\",\"n\":3}\n"))
        let wrong = try footbridge("try", "orders", "-c", file("{ jq: 'error(\"no\")' }"), "--file", event)
        #expect(wrong.exit == .status(65))
        #expect(wrong.output.contains("dead letters: unshapeable: webhook.body.jq: no"))
        let refused = try footbridge("try", "orders", "-c", file("typed"), "--file", event, "--send")
        #expect(refused.exit == .status(69))
        #expect(refused.output.contains("answer  connection refused"))
    }

    @Test func `send keeps JSON's types when asked, and a typed body has them`() throws {
        let scene = try Scene()
        scene.file.route.webhook["body"] = "typed"
        let line = #"{"n":3,"s":"3","b":true,"z":null,"t":"x\"y","a":[1,{"k":"v"}],"f":12.50}"#
        let events = try scene.directory.write(line + "\n", to: "events.ndjson")
        let result = try footbridge("send", "--redis", scene.server.url, "orders", "--ndjson", "--typed", input: events)
        #expect(result.exit == .status(0))
        try scene.run()
        #expect(try scene.receiver.waitFor(count: 1).map(\.text) == [line])
    }
}
