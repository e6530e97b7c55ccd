import Foundation
import TestSupport
import TestThreads
import Testing

@testable import Footbridge

/// The schema against the reader, by a validator that is not ours.
@Suite(.longRunning) struct ConfigSchemaTests {
    @Test func `each key has its line`() {
        let rows = ConfigTable().rows
        #expect(rows.filter { $0.line.isEmpty || $0.line.contains("\n") || $0.line.count > 110 }.map(\.path) == [])
        let known = Set(rows.map { $0.path.replacing("routes.<name>.", with: "") })
        let lines = Array(ConfigLines.route.keys) + Array(ConfigLines.bridge.keys)
        #expect(Set(lines).subtracting(known) == [])
    }

    @Test func `what is right by the reader is right by the schema`() throws {
        var documents = try Dictionary(
            uniqueKeysWithValues: ConfigFixture.names.map { try ($0, ConfigFixture(name: $0)) }
                .filter { $0.1.expected.first == "ok" }.map { ($0.0, $0.1.yaml) })
        for name in RecipeTests.names { documents[name] = try Repository.text("docs/recipes/\(name)") }
        documents["bridge.yaml.example"] = try Repository.text("bridge.yaml.example")
        #expect(documents.count > 60)
        let errors = try validate(documents)
        #expect(errors.filter { !$0.value.isEmpty } == [:])
    }

    @Test func `a key that nobody knows is wrong by both`() throws {
        let fixtures = try ConfigFixture.names.map { try ConfigFixture(name: $0) }
            .filter { $0.expected.contains { $0.contains("unknown key") } }
        #expect(fixtures.count > 5)
        let errors = try validate(Dictionary(uniqueKeysWithValues: fixtures.map { ($0.name, $0.yaml) }))
        #expect(errors.filter { $0.value.isEmpty }.map(\.key) == [])
    }

    /// A route with each key of the table, one at a time, in a place where it is known, and misspelt.
    @Test func `each key is known where it stands, and nowhere else`() throws {
        var known: [String: Any] = [:]
        // Beside one in these others are required.
        let rows = ConfigTable().rows.filter { row in
            !["routes.<name>.webhook.sign.hmac.", "redis.sentinel.", "redis.wait_for_ack.", "tracing."].contains {
                row.path.hasPrefix($0)
            }
        }
        #expect(rows.count > 120)
        for row in rows {
            var parts = row.path.split(separator: ".").map { $0 == "<name>" ? "orders" : String($0) }
            let value = value(row.type)
            known[row.path] = nested(parts, value)
            parts[parts.count - 1] += "x"
            if row.path != "routes" { known["not " + row.path] = nested(parts, value) }
        }
        let errors = try judge(known)
        for (name, errors) in errors {
            #expect(errors.isEmpty != name.hasPrefix("not "), "\(name): \(errors)")
        }
    }

    @Test(arguments: [
        "workers: 65", "workers: 1.5", "workers: two", "instance: [a]", "log: { level: loud }", "routes: []",
        "redis: { embedded: { socket_mode: rw } }", "redis: external", "defaults: { stream: s }",
        "redis: { sentinel: { master: m } }",
        "routes: { a: { claim_after: 5 } }", "routes: { a: { webhook: { timeout: 5 s } } }",
        "routes: { a: { webhook: { response_limit: 5k } } }", "routes: { a: { webhook: { sign: true } } }",
        "routes: { a: { webhook: { sign: { secret: { environment: X } } } } }",
        "routes: { a: { retry: { backoff: { jitter: 2 } } } }", "routes: { a: { retry: { schedule: 5s } } }",
        "routes: { a: { webhook: { http_version: 3 } } }", "routes: { a: { webhook: { accept: { status: [99] } } } }",
        "routes: { a: { webhook: { headers: { A: [b] } } } }", "routes: { a: { publish: { shard: maybe } } }",
    ])
    func `a value of another kind is wrong`(yaml: String) throws {
        #expect(try validate([yaml: yaml])[yaml]?.isEmpty == false)
    }

    @Test(arguments: [
        "redis: { embedded: { socket_mode: 0660 } }", "redis: { embedded: { socket_mode: \"660\" } }",
        "workers: \"2\"", "workers: \"${WORKERS}\"", "routes: { a: { group: 064, stream: no } }",
        "routes: { a: { webhook: { http_version: 2 } } }", "routes: { a: { webhook: { http_version: \"1.1\" } } }",
        "routes: { a: { webhook: { timeout: \"${TIMEOUT:-5s}\" } } }",
        "routes: { a: { webhook: { sign: \"false\" } } }",
        "routes: { a: { webhook: { idempotency_key: X-Key } } }", "routes: { a: { webhook: { url: { file: x } } } }",
        "routes: { a: { append: { fields: { a: b } } } }", "routes: { a: { append: { fields: [a, b] } } }",
    ])
    func `every way of writing a value is right`(yaml: String) throws {
        #expect(try validate([yaml: yaml])[yaml] == [])
    }

    // MARK: -

    private func nested(_ parts: [String], _ value: Any) -> Any {
        parts.reversed().reduce(value) { [$1: $0] }
    }

    /// One of the type; whether its range allows it is not of interest.
    private func value(_ type: String) -> Any {
        if type.hasPrefix("list of durations") { return ["1s"] }
        if type.hasPrefix("list of integers") { return [200] }
        if type.hasPrefix("list") { return ["a"] }
        if type.hasPrefix("duration") || type.hasPrefix("size") || type.hasPrefix("number") { return "${X}" }
        if type.hasPrefix("integer") { return "1" }
        if type.hasSuffix("map") || type.hasPrefix("map") { return [String: Any]() }
        if type == "true or false" { return true }
        if type == "file mode" { return "0600" }
        let first = type.split { $0 == "," || $0 == " " }.first.map(String.init) ?? ""
        return ["string", "jq", "URL", "secret", "path", "address", "rate", "percentage"].contains(first) ? "x" : first
    }

    private func validate(_ yaml: [String: String]) throws -> [String: [String]] {
        try judge(
            yaml.mapValues { text in
                let (root, problems) = try YAMLComposer.compose(Array(text.utf8))
                // Keys that are no text have no place in JSON.
                return problems.isEmpty ? (root.map(Self.json) ?? NSNull()) : NSNull()
            })
    }

    private func judge(_ documents: [String: Any]) throws -> [String: [String]] {
        let python = Repository.path(".venv/bin/python")
        guard let script = Bundle.module.path(forResource: "schema_peer", ofType: "py"),
            FileManager.default.isExecutableFile(atPath: python)
        else { throw TestSupportError("there is no .venv/bin/python with jsonschema: `make test` installs it") }
        let schema = try JSONSerialization.jsonObject(with: Data(ConfigSchema().text.utf8))
        let work = try JSONSerialization.data(withJSONObject: ["schema": schema, "documents": documents])
        let directory = try TestSupport.TemporaryDirectory()
        let process = try ChildProcess(
            python, [script], inputFile: directory.write(String(decoding: work, as: UTF8.self), to: "work.json"))
        guard try process.waitForExit(timeout: .seconds(60)) == .status(0) else {
            throw TestSupportError(process.errorOutput)
        }
        let answer = try JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [String: [String]]
        return try #require(answer)
    }

    /// As an editor reads it: plain scalars by the core schema of YAML 1.2.
    private static func json(_ node: YAMLNode) -> Any {
        switch node.content {
        case .sequence(let items): return items.map(json)
        case .mapping(let entries):
            return Dictionary(entries.map { ($0.key, json($0.value)) }) { first, _ in first }
        case .scalar(let text, let isPlain):
            guard isPlain else { return text }
            if node.isNull { return NSNull() }
            if ["true", "false"].contains(text) { return text == "true" }
            if text.wholeMatch(of: #/[-+]?[0-9]+/#) != nil, let number = Int(text) { return number }
            if text.wholeMatch(of: #/[-+]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][-+]?[0-9]+)?/#) != nil {
                return Double(text) ?? text
            }
            return text
        }
    }
}
