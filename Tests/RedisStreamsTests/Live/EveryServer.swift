import TestSupport
import Testing

/// Runs each test on Redis 7.0, Redis 8.2 and Valkey 8.1, one after the other, as long as it asks for no server by name.
struct EveryServer: TestTrait, SuiteTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        for server in ServerChoice.allCases {
            let telling = IssueHandlingTrait.compactMapIssues { issue in
                var issue = issue
                issue.comments.append("on \(server.rawValue)")
                return issue
            }
            try await ServerChoice.$current.withValue(server) {
                try await telling.provideScope(for: test, testCase: testCase, performing: function)
            }
        }
    }
}

extension Trait where Self == EveryServer {
    static var onEveryServer: EveryServer { EveryServer() }
}
