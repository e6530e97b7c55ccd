import TestSupport
import Testing

/// What the article shows is what the tests run.
struct ArticleTextTests {
    @Test func `every snippet of the article stands word for word in its tests`() throws {
        let article = try Repository.text("Tests/RedisStreamsTests/Article/StreamsArticle.swift")
        let sources = [8, 12].map { unindented(article, by: $0) }
        let snippets = try snippets(of: "docs/streams.md")
        #expect(snippets.count > 15)
        #expect(snippets.filter { snippet in !sources.contains { $0.contains("\n\(snippet)\n") } } == [])
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
