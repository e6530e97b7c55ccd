import FootbridgeRedis
import TestSupport
import Testing

/// Every script and session step on Redis 7.0, Redis 8.2 and Valkey 8.1, each test in turn on all three.
///
/// What is expected is what Redis documents of the commands that a script is made of, and what its comment promises.
@Suite(.timeLimit(.minutes(1)), .sharedServers, .onEachServer) enum LiveScripts {}

/// Starts one server of each kind for the whole suite. Tests tell their keys apart.
struct SharedServers: SuiteTrait, TestScoping {
    @TaskLocal static var all: [LiveServer] = []

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        var servers: [LiveServer] = []
        for choice in ServerChoice.allCases { servers.append(try await LiveServer.start(.init(choice: choice))) }
        do {
            try await Self.$all.withValue(servers, operation: function)
        } catch {
            for server in servers { await server.client.close() }
            throw error
        }
        for server in servers { await server.client.close() }
    }
}

/// Runs each test once for each of the shared servers.
struct OnEachServer: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try #require(!SharedServers.all.isEmpty)
        for live in SharedServers.all {
            let choice = live.server.options.choice
            let telling = IssueHandlingTrait.compactMapIssues { issue in
                var issue = issue
                issue.comments.append("on \(choice.rawValue)")
                return issue
            }
            try await LiveServer.$current.withValue(live) {
                try await ServerChoice.$current.withValue(choice) {
                    try await telling.provideScope(for: test, testCase: testCase, performing: function)
                }
            }
        }
    }
}

extension Trait where Self == SharedServers {
    static var sharedServers: SharedServers { SharedServers() }
}

extension Trait where Self == OnEachServer {
    static var onEachServer: OnEachServer { OnEachServer() }
}
