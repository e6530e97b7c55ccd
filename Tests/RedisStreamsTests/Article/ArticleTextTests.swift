import Foundation
import TestSupport
import Testing

/// What the articles show is what the tests build and run.
struct ArticleTextTests {
    private static let catalogue = "Sources/RedisStreams/RedisStreams.docc"
    /// What is run, and how deep in it stand the lines that an article begins at the margin.
    private static let sources: [(path: String, margins: [Int])] = [
        ("Tests/RedisStreamsTests/Article/StreamsArticle.swift", [8, 12]),
        ("Tests/RedisStreamsTests/Article/ClientArticle.swift", [8, 12]),
        ("Tests/RedisStreamsTests/Article/WorkerArticle.swift", [8, 12]),
        ("Tests/RedisStreamsTests/Article/OptionsArticle.swift", [8, 12]),
        ("docs/examples/producer/Package.swift", [8, 16]),
        ("docs/examples/producer/Sources/producer/main.swift", [0, 4]),
        ("docs/examples/worker/Sources/worker/main.swift", [0, 4]),
    ]

    private static func articles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Repository.path(catalogue)).filter { $0.hasSuffix(".md") }
            .map { "\(catalogue)/\($0)" }
    }

    @Test func `every snippet of an article stands word for word in what is run`() throws {
        let texts = try Self.sources.flatMap { source in
            let text = try Repository.text(source.path)
            return source.margins.map { unindented(text, by: $0) }
        }
        var count = 0
        for article in try Self.articles() {
            let snippets = try snippets(of: article)
            count += snippets.count
            #expect(snippets.filter { snippet in !texts.contains { $0.contains("\n\(snippet)") } } == [], "\(article)")
        }
        #expect(count > 30)
    }

    /// DocC looks at links between articles; these lead out of the catalogue, or into it.
    @Test func `what the short guide links is there`() throws {
        let links = try Repository.text("docs/streams.md").matches(of: /\]\(([^)#:]+)\)/).map { String($0.1) }
        #expect(links.filter { !FileManager.default.fileExists(atPath: Repository.path("docs/\($0)")) } == [])
        let articles = try Self.articles().filter { !$0.hasSuffix("/RedisStreams.md") }
        #expect(articles.filter { !links.contains("../\($0)") } == [])
    }

    /// The blocks marked as Swift.
    private func snippets(of path: String) throws -> [String] {
        try Repository.text(path).split(separator: "```swift\n").dropFirst().map { rest in
            String(rest.split(separator: "\n```", maxSplits: 1)[0])
        }
    }

    /// The body of a test begins at the margin, and what stands in a closure of it one step further.
    private func unindented(_ text: String, by count: Int) -> String {
        let margin = String(repeating: " ", count: count)
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix(margin) ? $0.dropFirst(count) : $0 }
            .joined(separator: "\n")
    }
}
