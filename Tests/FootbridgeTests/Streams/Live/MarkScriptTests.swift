import FootbridgeRedis
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct MarkScriptTests {
        private func mark(_ name: String, isPlaceKnown: Bool = false, in group: LiveGroup) async throws -> String {
            try await group.call(.mark(name, isPlaceKnown: isPlaceKnown, stream: group.stream, group: group.name))
        }

        @Test func `the first mark stays, with the place where the group stood`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(2, by: "a")
            #expect(try await mark("footbridge:group:m", in: group) == "footbridge:group:m@2-0")
            try group.read(1, by: "a")
            #expect(try await mark("footbridge:group:n", in: group) == "footbridge:group:m@2-0")
            #expect(try await mark("footbridge:group:n", isPlaceKnown: true, in: group) == "footbridge:group:m@2-0")
            #expect(try group.consumers() == ["a", "footbridge:group:m@2-0"])
        }

        @Test func `a group that was made again where it stood gets a mark without a place`() async throws {
            let group = try LiveGroup(entries: 3, at: "2-0")
            #expect(try await mark("footbridge:group:m", isPlaceKnown: true, in: group) == "footbridge:group:m")
            #expect(try await mark("footbridge:group:n", in: group) == "footbridge:group:m")
            #expect(try group.consumers() == ["footbridge:group:m"])
        }

        @Test func `a group is made again with its mark in one step, and only if it is not there`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(2, by: "a")
            let again = StreamCommand.makeGroupAgain(
                "footbridge:group:m", from: .after(.at(2)), stream: group.stream, group: group.name)
            #expect(await group.refusal(of: again)?.serverError?.kind == .busyGroup)
            #expect(try group.consumers() == ["a"])
            try group.destroy()
            #expect(try await group.call(again) == 1)
            #expect(try group.consumers() == ["footbridge:group:m"])
            #expect(try await mark("footbridge:group:n", in: group) == "footbridge:group:m")
            try group.read(1, by: "a")
            #expect(try group.run("XINFO", "GROUPS", group.stream).elements[0]["last-delivered-id"]?.text == "3-0")
        }

        @Test func `a group that was made anew gets a mark of its own`() async throws {
            let group = try LiveGroup(entries: 3)
            _ = try await mark("footbridge:group:m", in: group)
            try group.destroy()
            try group.make(at: "$")
            #expect(try await mark("footbridge:group:n", in: group) == "footbridge:group:n@3-0")
            #expect(try group.consumers() == ["footbridge:group:n@3-0"])
        }

        @Test func `each group of a stream has its own`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.run("XGROUP", "CREATE", group.stream, "h", "1-0")
            #expect(try await mark("footbridge:group:m", in: group) == "footbridge:group:m@0-0")
            let other: String = try await group.call(
                .mark("footbridge:group:n", isPlaceKnown: false, stream: group.stream, group: "h"))
            #expect(other == "footbridge:group:n@1-0")
        }

        @Test func `it is found among thousands of consumers`() async throws {
            let group = try LiveGroup()
            try group.makeConsumers((1...1500).map { "a.\($0)" })
            #expect(try await mark("footbridge:group:m", in: group) == "footbridge:group:m@0-0")
            try group.makeConsumers((1501...3000).map { "z.\($0)" })
            #expect(try await mark("footbridge:group:n", in: group) == "footbridge:group:m@0-0")
            #expect(try group.consumers().count == 3001)
        }
    }
}
