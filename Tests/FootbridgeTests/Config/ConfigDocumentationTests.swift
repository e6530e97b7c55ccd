import TestSupport
import Testing

@testable import Footbridge

/// The reader's own list of keys, the documentation's tables and the example must agree.
@Suite struct ConfigDocumentationTests {
    @Test func `the tables list every key with its type and default, and no other`() throws {
        let documented = try Repository.text("docs/configuration.md").split(separator: "\n").compactMap(Self.row)
        let known = ConfigFile.knownKeys.map {
            Row(key: Self.short($0.path), type: $0.type, defaultText: $0.defaultText ?? "required")
        }
        #expect(documented.sorted() == known.sorted())
    }

    @Test func `the example parses with an empty environment`() throws {
        let config = try example()
        #expect(config.routes.map(\.name) == ["orders", "live", "archive", "thumbnails"])
        // A copy on each machine must not make all of them one instance.
        #expect(config.instance == "host")
        #expect(config.routes[0].webhook?.headers.map(\.name) == ["Authorization", "X-Env"])
    }

    @Test func `the example's values are the defaults, where it says so`() throws {
        let orders = try example().routes[0]
        let headers = try #require(orders.webhook).headers
        var expected = RouteConfig(
            name: "orders", streams: ["orders"], group: "orders",
            destination: .webhook(WebhookConfig(url: "https://example.com/hooks/orders", headers: headers)))
        expected.deadLetter = .stream("{orders}:dead:orders")
        #expect(orders == expected)
    }

    @Test func `the example names every key`() throws {
        let words = Set(try Repository.text("bridge.yaml.example").split { !$0.isLetter && $0 != "_" }.map(String.init))
        let names = ConfigFile.knownKeys.compactMap { $0.path.split(separator: ".").last.map(String.init) }
        #expect(names.filter { !words.contains($0) } == [])
    }

    private func example() throws -> BridgeConfig {
        try ConfigFile.parse(
            text: try Repository.text("bridge.yaml.example"), fileName: "bridge.yaml.example",
            environment: ConfigFile.Environment(variables: [:], hostName: "host"))
    }

    private struct Row: Comparable {
        let key: String
        let type: String
        let defaultText: String

        static func < (left: Row, right: Row) -> Bool { left.key < right.key }
    }

    private static func short(_ path: String) -> String {
        path.hasPrefix("routes.<name>.") ? String(path.dropFirst("routes.<name>.".count)) : path
    }

    /// A row of a table of keys: five columns, of which the first three count.
    private static func row(_ line: Substring) -> Row? {
        let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != "`" }.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed() }
            .map { String($0) }
        guard line.hasPrefix("|"), cells.count == 7, cells[1] != "Key", !cells[1].hasPrefix("-") else { return nil }
        return Row(key: cells[1], type: cells[2], defaultText: cells[3])
    }
}
