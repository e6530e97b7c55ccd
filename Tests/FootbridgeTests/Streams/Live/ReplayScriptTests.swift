import FootbridgeRedis
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct ReplayScriptTests {
        private let group: LiveGroup
        private var dead: String { "{\(group.stream)}:dead" }
        private var replay: String { "{\(group.stream)}:replay:r" }

        init() throws { group = try LiveGroup() }

        private var route: RouteConfig {
            RouteConfig(
                name: "r", streams: [group.stream], group: "g",
                destination: .webhook(WebhookConfig(url: "http://127.0.0.1:1")))
        }

        private func bury(_ number: UInt64, _ more: [String] = ["field.n", "1"]) throws {
            try group.run(
                arguments: [
                    "XADD", dead, "\(number)-0", "reason", "trimmed", "stream", group.stream, "id", "\(number)-7",
                ]
                    + more)
        }

        private func entries(_ stream: String) throws -> [[String]] {
            try group.run("XRANGE", stream, "-", "+").elements.map { $0.elements[1].elements.compactMap(\.text) }
        }

        private func ids(_ numbers: UInt64...) -> [EntryID] { numbers.map { EntryID(milliseconds: $0) } }

        @Test func `letters go to the replay stream, and are letters no more; again it does nothing`() async throws {
            try bury(1, ["replays", "2", "field.n", "1", "field.n", "", "field.", "x"])
            try bury(2)
            let letters = Letters(group.live.client)
            let step = try await letters.replay(ids(1, 2, 3), of: dead, to: route, stream: group.stream)
            #expect(step == ReplayStep(looked: 3, moved: 2, skipped: 0))
            #expect(
                try entries(replay) == [
                    ["stream", group.stream, "id", "1-7", "letter", "1-0", "replays", "3", "n", "1", "n", "", "", "x"],
                    ["stream", group.stream, "id", "2-7", "letter", "2-0", "replays", "1", "n", "1"],
                ])
            #expect(try entries(dead) == [])
            let again = try await letters.replay(ids(1, 2), of: dead, to: route, stream: group.stream)
            #expect(again == ReplayStep(looked: 2, moved: 0, skipped: 0))
            #expect(try entries(replay).count == 2)
        }

        @Test func `letters of other streams, without fields or with too many stay`() async throws {
            try bury(1, [])
            try group.run("XADD", dead, "2-0", "reason", "x", "stream", "other", "id", "5-0", "field.n", "1")
            try bury(3, (0..<3491).flatMap { ["field.\($0)", "x"] })
            try bury(4, (0..<3490).flatMap { ["field.\($0)", "x"] })
            try group.run("XADD", dead, "5-0", "anything", "else")
            let step = try await Letters(group.live.client).replay(
                ids(1, 2, 3, 4, 5), of: dead, to: route, stream: group.stream)
            #expect(step == ReplayStep(looked: 5, moved: 1, skipped: 4))
            #expect(try group.run("XLEN", dead) == 4)
            #expect(try entries(replay)[0].count == 8 + 2 * 3490)
        }

        @Test func `other fields take the place of the letter's`() async throws {
            try bury(1)
            let fields = EntryFields(["a": "1", "field.b": "2"])
            let step = try await Letters(group.live.client).replay(
                ids(1), of: dead, to: route, stream: group.stream, fields: fields)
            #expect(step.moved == 1)
            #expect(try entries(replay)[0].dropFirst(8) == ["a", "1", "field.b", "2"])
        }

        @Test func `where nothing can be added the letter stays`() async throws {
            try bury(1)
            try group.run("SET", replay, "text")
            await #expect(throws: RedisError.self) {
                try await Letters(group.live.client).replay(ids(1), of: dead, to: route, stream: group.stream)
            }
            #expect(try group.run("XLEN", dead) == 1)
        }

        @Test func `a step ends after some megabytes, and says how far it came`() async throws {
            let large = String(repeating: "x", count: 3 << 20)
            for number in UInt64(1)...3 { try bury(number, ["field.n", large]) }
            let step = try await Letters(group.live.client).replay(
                ids(1, 2, 3), of: dead, to: route, stream: group.stream)
            #expect(step == ReplayStep(looked: 2, moved: 2, skipped: 0))
        }

        @Test func `history is copied, and the stream stays as it is`() async throws {
            try group.add(1...3)
            let step = try await Letters(group.live.client).replay(
                history: ids(1, 3, 4), of: group.stream, to: route)
            #expect(step == ReplayStep(looked: 3, moved: 2, skipped: 0))
            #expect(
                try entries(replay) == [
                    ["stream", group.stream, "id", "1-0", "letter", "", "replays", "1", "n", "1"],
                    ["stream", group.stream, "id", "3-0", "letter", "", "replays", "1", "n", "3"],
                ])
            #expect(try group.run("XLEN", group.stream) == 3)
        }

        @Test func `what is settled of a replay stream leaves it`() async throws {
            try group.add(1...3)
            try group.read(2, by: "a")
            #expect(
                try await group.call(.settleReplays(ids(1, 2, 9), stream: group.stream, group: group.name)) == 2)
            #expect(try group.run("XLEN", group.stream) == 1)
            #expect(try group.pending() == [])
        }
    }
}

extension LiveGroup {
    @discardableResult
    fileprivate func run(arguments: [String]) throws -> RedisReply {
        let reply = try live.probe.command(arguments.map { Array($0.utf8) })
        if case .error(let text) = reply { throw TestSupportError(text) }
        return reply
    }
}
