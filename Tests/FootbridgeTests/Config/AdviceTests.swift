import Testing

@testable import Footbridge

/// What works and is better not left as it is.
struct AdviceTests {
    private func advice(_ keys: String) throws -> [String] {
        try ConfigFile.parse(
            text: "redis: embedded\nroutes:\n  a: { stream: a, \(keys) }\n", fileName: "bridge.yaml",
            environment: ConfigFile.Environment(variables: [:], hostName: "host"), directory: "/"
        ).advice.map { "\($0)" }
    }

    @Test(arguments: [
        ("ordering: strict", true), ("ordering: strict, on_dead: hold", false),
        ("ordering: strict, retry: { give_up: always }", false), ("ordering: key, key: .stream", false),
    ])
    func `under strict order it is said what giving up needs`(keys: String, isAdvised: Bool) throws {
        let advice = try advice("\(keys), webhook: { url: https://example.com }")
        #expect(advice.count == (isAdvised ? 1 : 0))
        #expect(advice.allSatisfy { $0.hasPrefix("routes.a.ordering: under strict order nothing passes") })
    }

    @Test(arguments: [
        (".fields.customer", nil), (".data.customer", ".data is null for every entry"),
        (" .field.customer", ".field is null for every entry, so none has an order; did you mean .fields?"),
        (".id", ".id is another for each entry"), (".customer", ".customer is null for every entry"),
        ("\"x\" + .fields.a", nil), (".", nil), (".[\"fields\"]", nil), (".stream", nil),
    ])
    func `a key that keeps nothing in order is noticed`(program: String, words: String?) throws {
        let advice = try advice("ordering: key, key: '\(program)', webhook: { url: https://example.com }")
        #expect(advice.count == (words == nil ? 0 : 1))
        if let words { #expect(advice[0].hasPrefix("routes.a.key: \(words)"), "\(advice)") }
    }

    @Test(arguments: [
        ("listen: 127.0.0.1:6390", ["listen"]), ("socket_mode: 0666", ["socket_mode"]), ("socket_mode: 0660", []),
        ("listen: 127.0.0.1:6390, socket_mode: 0666, password: x", []),
    ])
    func `an embedded Redis that is open to the whole machine is told of`(keys: String, advised: [String]) throws {
        let text =
            "redis: { embedded: { \(keys) } }\nroutes: { a: { stream: a, webhook: { url: https://example.com } } }\n"
        let config = try ConfigFile.parse(
            text: text, fileName: "bridge.yaml", environment: ConfigFile.Environment(variables: [:], hostName: "host"),
            directory: "/")
        #expect(config.advice.map(\.path) == advised.map { "redis.embedded.\($0)" })
        #expect(config.advice.allSatisfy { $0.message.hasPrefix("every user of this machine may read and change") })
    }

    /// Before each route had its own, all dead letters of a stream were in one place.
    @Test func `a route that reads where dead letters were is told where they are`() throws {
        let alarm = "stream: \"{a}:dead\", webhook: { url: https://example.com/2 } }"
        let own = "webhook: { url: https://example.com }"
        #expect(
            try advice("\(own) }\n  alarm: { \(alarm) \n  other: { stream: x, \(own)") == [
                "routes.alarm.stream: nothing is put into \"{a}:dead\" any more: dead letters of route a go to "
                    + "\"{a}:dead:a\"; read that one, or set dead_letter.stream there"
            ])
        #expect(
            try advice(
                "dead_letter: { stream: \"{a}:dead\" }, \(own) }\n  alarm: { \(alarm) \n  o: { stream: x, \(own)") == []
        )
    }

    @Test func `a batch of one entry is noticed`() throws {
        let batch = "webhook: { url: https://example.com, batch: array, accept: { failed: .failed } }"
        #expect(try advice("ordering: strict, on_dead: hold, \(batch)").count == 1)
        #expect(try advice("ordering: key, key: .fields.a, \(batch)") == [])
    }

    @Test(arguments: [(64, "1MiB", false), (100, "64MiB", true)])
    func `batches that take very much memory are warned of`(concurrency: Int, bytes: String, isAdvised: Bool) throws {
        let advice = try advice(
            "concurrency: \(concurrency), webhook: { url: https://example.com, batch: { max_bytes: \(bytes) } }")
        #expect(
            advice
                == (isAdvised
                    ? [
                        "routes.a.concurrency: requests under way may hold 6400MiB of bodies: concurrency times "
                            + "batch.max_bytes; lower one of the two"
                    ] : []))
    }
}
