import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    /// Entries 1 to 5, of which 1 and 2 were read; then the group was destroyed and made again at the end.
    struct PutBackScriptTests {
        private typealias Pending = LiveGroup.Pending

        private let mark = GroupMark(name: "footbridge:group:m@5-0")

        private func remade() throws -> LiveGroup {
            let group = try LiveGroup(entries: 5)
            try group.read(2, by: "a")
            try group.destroy()
            try group.make(at: "$")
            try group.makeConsumer(mark.name)
            return group
        }

        private func putBack(_ mark: GroupMark, in group: LiveGroup) async throws -> Int {
            try await group.call(.putBack(to: .at(2), mark: mark, stream: group.stream, group: group.name))
        }

        @Test func `a group that nobody has read on with is put back, once`() async throws {
            let group = try remade()
            #expect(try await putBack(mark, in: group) == 1)
            #expect(try group.lastDelivered() == "2-0")
            #expect(try await putBack(mark, in: group) == 0)
            try group.read(3, by: "b")
            #expect(try group.pending() == [Pending(3, "b", 1), Pending(4, "b", 1), Pending(5, "b", 1)])
        }

        @Test func `entries that were put back before it, up to the place, do not hinder it`() async throws {
            let group = try remade()
            try group.run("XCLAIM", group.stream, group.name, "a", "0", "1-0", "2-0", "FORCE", "JUSTID")
            #expect(try await putBack(mark, in: group) == 1)
            #expect(try group.pending() == [Pending(1, "a", 1), Pending(2, "a", 1)])
        }

        @Test func `an entry behind the place that somebody has would come twice`() async throws {
            let group = try remade()
            try group.run("XCLAIM", group.stream, group.name, "b", "0", "4-0", "FORCE", "JUSTID")
            #expect(try await putBack(mark, in: group) == 0)
            #expect(try group.lastDelivered() == "5-0")
        }

        @Test func `a group that was read on with stays, though all was settled`() async throws {
            let group = try remade()
            try group.add(6...6)
            try group.read(1, by: "b")
            try group.run("XACK", group.stream, group.name, "6-0")
            #expect(try await putBack(mark, in: group) == 0)
            #expect(try group.lastDelivered() == "6-0")
        }

        @Test(arguments: ["footbridge:group:other@5-0", "footbridge:group:m", "footbridge:group:m@4-0"])
        func `a group of another mark stays`(name: String) async throws {
            let group = try remade()
            #expect(try await putBack(GroupMark(name: name), in: group) == 0)
            #expect(try group.lastDelivered() == "5-0")
        }

        @Test func `a mark that says no place, and one that is gone, put nothing back`() async throws {
            let group = try remade()
            try group.run("XGROUP", "DELCONSUMER", group.stream, group.name, mark.name)
            #expect(try await putBack(mark, in: group) == 0)
            try group.makeConsumer("footbridge:group:m")
            #expect(try await putBack(GroupMark(name: "footbridge:group:m"), in: group) == 0)
            #expect(try group.lastDelivered() == "5-0")
        }

        @Test func `a group that is gone is not made`() async throws {
            let group = try remade()
            try group.destroy()
            #expect(try await putBack(mark, in: group) == 0)
            #expect(try group.run("XINFO", "GROUPS", group.stream) == [])
        }
    }
}
