import Foundation
import TestSupport
import Testing

/// What the library's users see of it.
@Suite(.timeLimit(.minutes(5))) struct PublicSymbolsTests {
    /// Where this test run was built.
    private static func buildDirectory() throws -> String {
        let places = CommandLine.arguments.filter { $0.contains(".xctest") } + [Bundle.main.executablePath ?? ""]
        let directories = places.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent() }
        let found = directories.map(\.path).flatMap { [$0, "\($0)/../../.."] }
            .first { FileManager.default.fileExists(atPath: "\($0)/Modules/RedisStreams.swiftmodule") }
        guard let found else { throw TestSupportError("the library was not built in \(places)") }
        return found
    }

    private static let script = Repository.path("Tests/PackageTests/public-symbols")

    @Test func `a change of what is public is seen`() async throws {
        let text = try await onThread { try run(Self.script, [try Self.buildDirectory()]) }
        let listed = try Repository.text("Tests/PackageTests/public-symbols.txt")
        let changes = text.split(separator: "\n").difference(from: listed.split(separator: "\n")).map { change in
            switch change {
            case .insert(_, let line, _): "+ \(line)"
            case .remove(_, let line, _): "- \(line)"
            }
        }
        #expect(changes == [], "If that is meant: make symbols, and commit Tests/PackageTests/public-symbols.txt")
    }

    /// What `swift package generate-documentation` does, without building anything once more.
    @Test func `the documentation has no warnings`() async throws {
        let directory = try TemporaryDirectory()
        try await onThread {
            try run(Self.script, [try Self.buildDirectory(), "--graphs", directory.file("graphs")])
            // In PATH, or beside what `swift` leads to.
            let find = "command -v docc || echo $(dirname $(readlink -f $(command -v swift)))/docc"
            let docc = try run("sh", ["-c", find]).trimmingCharacters(in: .whitespacesAndNewlines)
            try run(
                docc,
                [
                    "convert", Repository.path("Sources/RedisStreams/RedisStreams.docc"), "--warnings-as-errors",
                    "--disable-parameters-and-returns-validation",
                    "--fallback-display-name", "RedisStreams", "--fallback-bundle-identifier", "RedisStreams",
                    "--additional-symbol-graph-dir", directory.file("graphs"), "--output-path", directory.file("out"),
                ])
        }
    }

    /// What is not named on the landing page, DocC puts at its end, by kinds.
    @Test func `the landing page names all types`() throws {
        let page = try Repository.text("Sources/RedisStreams/RedisStreams.docc/RedisStreams.md")
        let symbols = try Repository.text("Tests/PackageTests/public-symbols.txt")
        let types = symbols.matches(of: #/(?m)^(\w+): (?:final class|class|struct|enum|protocol|actor|typealias) /#)
            .map { String($0.1) }
        #expect(types.count > 10)
        #expect(types.filter { !page.contains("- ``\($0)``") } == [])
    }
}
