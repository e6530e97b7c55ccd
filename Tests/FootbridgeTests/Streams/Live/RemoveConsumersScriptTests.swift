import RedisStreams
import Testing

@testable import Footbridge

extension LiveScripts {
    struct RemoveConsumersScriptTests {
        private typealias Pending = LiveGroup.Pending

        private func remove(
            _ names: [String], silentFor silence: Duration = .zero, in group: LiveGroup
        ) async throws -> Int {
            try await group.call(
                .removeConsumers(names, silentFor: silence, stream: group.stream, group: group.name))
        }

        /// What is pending of a consumer is lost to its group with it.
        @Test func `a consumer that has entries pending stays, and so do they`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(1, by: "a")
            try group.read(1, by: "b")
            try group.makeConsumer("c")
            #expect(try await remove(["a", "b", "c"], in: group) == 1)
            #expect(try group.consumers() == ["a", "b"])
            #expect(try group.pending() == [Pending(1, "a", 1), Pending(2, "b", 1)])
            try group.run("XACK", group.stream, group.name, "1-0")
            #expect(try await remove(["a", "b", "c"], in: group) == 1)
            #expect(try group.consumers() == ["b"])
        }

        @Test func `also if all that it has is no longer in the stream`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.read(1, by: "a")
            try group.run("XDEL", group.stream, "1-0")
            #expect(try await remove(["a"], in: group) == 0)
            #expect(try group.pending() == [Pending(1, "a", 1)])
        }

        @Test func `a consumer that shows life stays`() async throws {
            let group = try LiveGroup()
            try group.makeConsumer("a")
            #expect(try await remove(["a"], silentFor: .seconds(3600), in: group) == 0)
            #expect(try group.consumers() == ["a"])
        }

        @Test func `only those that are named go`() async throws {
            let group = try LiveGroup()
            try group.makeConsumers(["a", "b"])
            #expect(try await remove(["b", "nobody"], in: group) == 1)
            #expect(try group.consumers() == ["a"])
        }

        @Test func `of thousands, those that have something stay`() async throws {
            let group = try LiveGroup(entries: 3)
            let names = (1...3000).map { "a.\($0)" }
            try group.makeConsumers(names)
            for number in [1, 1500, 3000] { try group.read(1, by: "a.\(number)") }
            #expect(try await remove(names, in: group) == 2997)
            #expect(try group.consumers() == ["a.1", "a.1500", "a.3000"])
            #expect(try group.pending() == [Pending(1, "a.1", 1), Pending(2, "a.1500", 1), Pending(3, "a.3000", 1)])
        }
    }
}
