package import FootbridgeCurl
public import Testing

/// Runs each test once for each way of waiting for descriptors: also for those that other systems than this one have.
public struct EveryPoller: TestTrait, SuiteTrait, TestScoping {
    public let isRecursive = true

    /// What the loops of this test use.
    @TaskLocal package static var current = PollerKind.standard

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        for kind in PollerKind.allCases {
            let telling = IssueHandlingTrait.compactMapIssues { issue in
                var issue = issue
                issue.comments.append("with \(kind)")
                return issue
            }
            try await Self.$current.withValue(kind) {
                try await telling.provideScope(for: test, testCase: testCase, performing: function)
            }
        }
    }
}

extension Trait where Self == EveryPoller {
    public static var onEveryPoller: EveryPoller { EveryPoller() }
}
