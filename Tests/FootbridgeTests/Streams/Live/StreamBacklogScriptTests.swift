import FootbridgeRedis
import RedisStreams
import TestSupport
import Testing

@testable import Footbridge

extension LiveScripts {
    struct StreamBacklogScriptTests {
        private func backlog(_ group: LiveGroup) async throws -> StreamBacklog? {
            StreamBacklog(
                reply: try await group.live.client.call(
                    StreamBacklog.command(stream: group.stream, group: group.name)))
        }

        @Test func `it follows entries from unread to pending to settled`() async throws {
            let group = try LiveGroup(entries: 3)
            #expect(try await backlog(group) == StreamBacklog(pending: 0, unread: 3, oldest: .at(1)))
            try group.read(2, by: "a")
            #expect(try await backlog(group) == StreamBacklog(pending: 2, unread: 1, oldest: .at(1)))
            try group.run("XACK", group.stream, group.name, "1-0")
            #expect(try await backlog(group) == StreamBacklog(pending: 1, unread: 1, oldest: .at(2)))
            try group.run("XACK", group.stream, group.name, "2-0")
            #expect(try await backlog(group) == StreamBacklog(pending: 0, unread: 1, oldest: .at(3)))
            try group.read(1, by: "b")
            try group.run("XACK", group.stream, group.name, "3-0")
            #expect(try await backlog(group) == StreamBacklog(pending: 0, unread: 0, oldest: nil))
        }

        @Test func `a pending entry that is no longer in the stream is still to be settled`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(1, by: "a")
            try group.run("XTRIM", group.stream, "MAXLEN", "2")
            #expect(try await backlog(group) == StreamBacklog(pending: 1, unread: 2, oldest: .at(1)))
        }

        @Test func `a deletion ahead of the group leaves the number unknown`() async throws {
            let group = try LiveGroup(entries: 5)
            try group.read(1, by: "a")
            try group.run("XDEL", group.stream, "3-0")
            #expect(try await backlog(group) == StreamBacklog(pending: 1, unread: nil, oldest: .at(1)))
        }

        @Test func `where nothing is unread the number is known`() async throws {
            let group = try LiveGroup(entries: 5, at: "3-0")
            try group.run("XDEL", group.stream, "4-0")
            try group.run("XDEL", group.stream, "5-0")
            #expect(try await backlog(group) == StreamBacklog(pending: 0, unread: 0, oldest: nil))
        }

        @Test func `an unread entry may be older than the pending ones, after the group was moved back`() async throws {
            let group = try LiveGroup(entries: 3)
            try group.read(3, by: "a")
            try group.run("XACK", group.stream, group.name, "1-0")
            try group.run("XGROUP", "SETID", group.stream, group.name, "0")
            #expect(try await backlog(group)?.oldest == .at(1))
        }

        @Test func `a group that has read the highest id that there is has nothing unread`() async throws {
            let group = try LiveGroup()
            try group.run("XADD", group.stream, "\(EntryID.maximum)", "n", "1")
            try group.read(1, by: "a")
            #expect(try await backlog(group) == StreamBacklog(pending: 1, unread: 0, oldest: .maximum))
        }

        @Test func `of a group that is not there nothing is known`() async throws {
            let group = try LiveGroup(entries: 1)
            try group.destroy()
            #expect(try await backlog(group) == nil)
        }

        @Test func `thousands of large ones do not come along`() async throws {
            let group = try LiveGroup(entries: 5000)
            try group.add(5001...5001, padding: 8 << 20)
            try group.read(4000, by: "a")
            #expect(try await backlog(group) == StreamBacklog(pending: 4000, unread: 1001, oldest: .at(1)))
        }
    }
}
