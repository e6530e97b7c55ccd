import RedisStreams
import Testing

@testable import Footbridge

extension LiveScripts {
    struct RestoreScriptTests {
        private typealias Pending = LiveGroup.Pending

        private func restore(_ held: [(id: EntryID, attempts: Int)], in group: LiveGroup) async throws -> [Restored] {
            try await group.call(.restore(held, stream: group.stream, group: group.name, consumer: "a"))
        }

        @Test func `a group made anew where it stood has the entries again, with their attempts`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(3, by: "a")
            try group.destroy()
            try group.make(at: "3-0")
            #expect(try await restore([(.at(1), 2), (.at(2), 0), (.at(3), 7)], in: group) == [.own, .own, .own])
            #expect(try group.pending() == [Pending(1, "a", 2), Pending(2, "a", 0), Pending(3, "a", 7)])
        }

        @Test func `what is among the pending stays as it is, be it ours or another's`() async throws {
            let group = try LiveGroup(entries: 2)
            try group.read(1, by: "a")
            try group.read(1, by: "b")
            #expect(try await restore([(.at(2), 5), (.at(1), 5)], in: group) == [.others, .own])
            #expect(try group.pending() == [Pending(1, "a", 1), Pending(2, "b", 1)])
        }

        @Test func `what was trimmed or deleted is gone, and is not made pending`() async throws {
            let group = try LiveGroup(entries: 3, at: "3-0")
            try group.run("XDEL", group.stream, "2-0")
            try group.run("XTRIM", group.stream, "MINID", "2-0")
            #expect(try await restore([(.at(1), 1), (.at(2), 1), (.at(3), 1)], in: group) == [.gone, .gone, .own])
            #expect(try group.pending() == [Pending(3, "a", 1)])
        }

        @Test func `what the group has still to read is left to who reads it`() async throws {
            let group = try LiveGroup(entries: 3, at: "1-0")
            #expect(try await restore([(.at(1), 1), (.at(2), 1), (.at(3), 1)], in: group) == [.own, .others, .others])
            #expect(try group.pending() == [Pending(1, "a", 1)])
            try group.read(2, by: "b")
            #expect(try group.pending() == [Pending(1, "a", 1), Pending(2, "b", 1), Pending(3, "b", 1)])
        }

        @Test func `the highest id that there is can be restored`() async throws {
            let group = try LiveGroup(at: "\(EntryID.maximum)")
            try group.run("XADD", group.stream, "\(EntryID.maximum)", "n", "1")
            #expect(try await restore([(.maximum, 3)], in: group) == [.own])
            #expect(try group.pending().map(\.deliveries) == [3])
        }

        @Test func `thousands at once are told of in their order`() async throws {
            let group = try LiveGroup(entries: 4000, at: "3000-0")
            for id in UInt64(1)...1000 { try group.run("XDEL", group.stream, "\(id)-0") }
            let done = try await restore((1...4000).map { (.at($0), 2) }, in: group)
            #expect(
                done == (1...4000).map { $0 <= 1000 ? Restored.gone : $0 <= 3000 ? .own : .others })
            #expect(try group.pending() == (1001...3000).map { Pending($0, "a", 2) })
        }
    }
}
